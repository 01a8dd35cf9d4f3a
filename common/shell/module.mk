# SPDX-License-Identifier: ISC

edge_sources += \
	common/shell/agent_act.c \
	common/shell/agent_config.c \
	common/shell/agent_core.h \
	common/shell/agent_ctl.c \
	common/shell/agent_device.c \
	common/shell/agent_fast.c \
	common/shell/agent_keys.c common/shell/agent_keys.h \
	common/shell/agent_keys_act.c \
	common/shell/agent_keys_conf.c \
	common/shell/agent_keys_ends.c \
	common/shell/agent_keys_look.c \
	common/shell/agent_keys_show.c \
	common/shell/agent_options.c \
	common/shell/agent_private.h \
	common/shell/agent_program.h \
	common/shell/agent_served.c \
	common/shell/agent_shell.c common/shell/agent_shell.h \
	common/shell/agent_start.c \
	common/shell/agent_store.c \
	common/shell/agent_warn.c
