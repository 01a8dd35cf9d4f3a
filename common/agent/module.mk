# SPDX-License-Identifier: ISC

pure_sources +=
