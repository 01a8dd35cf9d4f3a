# SPDX-License-Identifier: ISC

pure_sources +=

pure_sources += common/agent/violations.c common/agent/violations.h
