# SPDX-License-Identifier: ISC

edge_sources +=
