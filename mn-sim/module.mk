# SPDX-License-Identifier: ISC

pure_sources +=

edge_sources +=
