#!/bin/bash
# Clocks that differ: a request that is too old or too new is answered with 133 and the
# home agent's time, so that the node sets its own straight and is registered at once;
# an old request cannot be used again, not even after a restart, and a duplicate gets
# the same answer once more (RFC 5944 5.7).
. "$(dirname "$0")/lib_story.sh"

key=8f4e6a1d0c9b2e7350d1a4f6b8c3e92717e5d40b6c8a93f2055e1b7dc4a6f839

# From the correspondent, as a node with an address of its own there.
ask() { # OPTION...: the reply
	request cn --to 10.1.0.1 --home 10.1.0.10 --agent 10.1.0.1 --care-of 10.0.9.2 \
		--flags 0x20 --auth "32:1000:hmac-sha256:$key" "$@"
}

says() { # DESCRIPTION FILTER OPTION...
	local what=$1 filter=$2 reply
	shift 2
	reply=$(ask "$@")
	if jq -e "$filter" <<<"$reply" >/dev/null; then
		ok "$what"
	else
		not_ok "$what" "reply: $reply" "should: $filter"
	fi
}

# Seconds since 1900 of now and OFFSET seconds, as the Identification counts.
ident() { printf '%#x\n' $((($(date +%s) + 2208988800 + $1) << 32 | 0x1234)); }

judged() {
	local now
	says "a minute behind: 133, with the home agent's time, authentic" \
		'.code == 133 and .authentic and ."same-low-ident" and (."seconds-off" | fabs) < 3' \
		--clock -60
	says "a minute ahead: 133" '.code == 133 and (."seconds-off" | fabs) < 3' --clock 60
	equal "both are counted" "$(counter ha ident-skewed)" 2
	equal "both are answered so" "$(counter ha reply-ha-identification-mismatch)" 2
	check_shows "and bind nothing" ha bindings '. == []'

	now=$(ident 1)
	says "a second ahead: accepted" '.code == 0 and ."same-ident"' --ident "$now"
	says "the same again: the same answer" '.code == 0 and ."same-ident" and .authentic' \
		--ident "$now"
	equal "from store" "$(counter ha replies-resent)" 1
	equal "without another registration" "$(counter ha accepted)" 1
	says "a second earlier, which was not used: 133" '.code == 133' --ident "$(ident -1)"
	equal "counted as old" "$(counter ha ident-old)" 1

	stop ha
	start_all ha
	says "after a restart an old one is refused, though within the tolerance" \
		'.code == 133' --clock -5
	check_shows "and binds nothing" ha bindings '. == []'
}

# A C library that moves the clock of one program by CLOCK_OFFSET seconds.
build_shift() {
	cat >"$LAB_DIR/shift.c" <<-'C'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdlib.h>
		#include <time.h>

		int clock_gettime(clockid_t clock, struct timespec *ts)
		{
			static int (*real)(clockid_t, struct timespec *);
			static long offset;
			int status;

			if (!real) {
				real = (int (*)(clockid_t, struct timespec *))
					dlsym(RTLD_NEXT, "clock_gettime");
				offset = atol(getenv("CLOCK_OFFSET"));
			}
			status = real(clock, ts);
			if (clock == CLOCK_REALTIME)
				ts->tv_sec += offset;
			return status;
		}
	C
	cc -shared -fPIC -o "$LAB_DIR/shift.so" "$LAB_DIR/shift.c" -ldl
}

# The node itself, its clock OFFSET seconds off.
node() { # OFFSET
	lab_start mn mn env LD_PRELOAD="$LAB_DIR/shift.so" CLOCK_OFFSET="$1" \
		ASAN_OPTIONS=verify_asan_link_order=0 mn-sim node -c "$LAB_DIR/mn.xml"
	check_wait "a node $1 seconds off registers" 10 "node_is registered 10.0.2.2"
	# Replies give whole seconds: so close to the node before, that may not do at once.
	check "$1 seconds: it set its clock by the home agent's" \
		count_above mn resynchronisations 0
	check "$1 seconds: not again and again" \
		test "$(counter mn denied-home-agent)" -le 3
	check_shows "$1 seconds: it tells how far off it was" mn status \
		".[0].\"clock-offset-ms\" / 1000 + $1 | fabs < 3"
	check_pings "$1 seconds: it is reached" cn 10.1.0.10
	lab_stop mn
	check_shows "$1 seconds: its deregistration is accepted, too" ha bindings '. == []'
}

story_begin scapy cc
configure ha
configure fa1
configure mn
start_all ha fa1
judged
build_shift || story_abort "the clock's library does not build"
lab_move visit1
node -3600
node 86400
node -1000000000
stop fa1
stop ha
check_clean mn fa1 ha
tap_done
