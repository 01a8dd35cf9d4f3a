#!/bin/bash
# Several threads have packets: each flow arrives whole and in its order, whichever
# threads it meets on its way, and so do the numbers of GRE, which all flows share.
. "$(dirname "$0")/lib_story.sh"

FLOWS=8 EACH=400

# Datagrams of several flows in turns, each numbered in its flow.
send='import socket, struct, sys, time
to, flows, each = (sys.argv[1], 7000), int(sys.argv[2]), int(sys.argv[3])
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(flows)]
for number in range(each):
    for flow, s in enumerate(sockets):
        s.sendto(struct.pack("!II", flow, number) + bytes(200), to)
    time.sleep(0.001)'
take='import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7000))
print("listening", flush=True)
left, last, disorder = int(sys.argv[2]) * int(sys.argv[3]), {}, 0
s.settimeout(4)
try:
    while left:
        flow, number = struct.unpack("!II", s.recv(2000)[:8])
        disorder += number < last.get(flow, -1)
        last[flow] = number
        left -= 1
except TimeoutError:
    pass
print("missing", left, "disorder", disorder)'

# flows NAME FROM TO ADDRESS
flows() {
	rm -f "$LAB_DIR/taken.log"
	lab_start taken "$3" python3 -c "$take" "$4" $FLOWS $EACH
	lab_wait 10 "grep -qs listening $LAB_DIR/taken.log"
	in_ns "$2" python3 -c "$send" "$4" $FLOWS $EACH
	lab_wait 15 "! lab_running taken"
	equal "$1" "$(grep missing "$LAB_DIR/taken.log")" "missing 0 disorder 0"
}

# How many threads of an agent have slept and been woken that often.
busy_threads() { # NAME TIMES
	local pid task woken count=0
	pid=$(ctl "$1" show status | jq 'select(.pid) | .pid')
	for task in /proc/"$pid"/task/*; do
		[ "$task" = "/proc/$pid/task/$pid" ] && continue
		woken=$(awk '/^voluntary/ { print $2 }' "$task/status")
		[ "$woken" -gt "$2" ] && count=$((count + 1))
	done
	echo $count
}

with() { # NAME TUNNEL-ATTRIBUTES
	configure ha "s|</home-agent>|<tunnel fast-path=\"off\" $2/><limits workers=\"4\"/>&|"
	configure fa1 "s|</foreign-agent>|<tunnel fast-path=\"off\" $2/><limits workers=\"4\"/>&|"
	configure mn
	start_all ha fa1 mn
	lab_move visit1
	check_wait "$1: the node registers" 15 "node_is registered 10.0.2.2"
	check "$1: four threads" shows ha status '.[0].workers == 4'
	flows "$1: to the node" cn mn 10.1.0.10
	flows "$1: from the node" mn cn 10.0.9.2
	check "$1: more than one of them has packets" test "$(busy_threads ha 20)" -ge 2
	equal "$1: no number is late or missing" "$(for a in ha fa1; do
		counter $a gre-late; counter $a gre-gap; done | sort -u)" 0
	lab_move nowhere
	for agent in mn fa1 ha; do
		stop $agent
	done
	check_clean mn fa1 ha
}

story_begin python3
with "GRE"
with "GRE with numbers" 'gre-sequence="yes"'
with "GRE in UDP" 'carrier="udp"'
with "GRE in UDP with numbers" 'carrier="udp" gre-sequence="yes"'
tap_done
