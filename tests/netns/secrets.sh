#!/bin/bash
# No key is where it should not be: every key of a run, however it was given or came
# about, is looked for in all that the programs say, and in what the system tells of them.
# Then a key log that cannot be written, which takes no service away.
# limit: 200
. "$(dirname "$0")/lib_story.sh"

in_hex=8f4e6a1d0c9b2e7350d1a4f6b8c3e92717e5d40b6c8a93f2055e1b7dc4a6f839
in_file=6e0d5f3c2b1a49f8e7d6c5b4a3928170
in_text='a passphrase of the two agents'
by_hand=5c1f0a7be2944d3386f1d0c9b8a7e6f55c1f0a7be2944d3386f1d0c9b8a7e6f5

# leaked KEYS FILE...: the names of those keys, one a line as "name hex", of which half or
# more is in the files: as octets, hexadecimal or base64.
leaked() {
	python3 - "$@" <<-'PYTHON'
		import base64, sys
		text = b"".join(open(name, "rb").read() for name in sys.argv[2:])
		low = text.lower()
		for name, digits in (line.split() for line in open(sys.argv[1])):
		    key = bytes.fromhex(digits)
		    half = key[:len(key) // 2]
		    # base64 has three ways to write it, by where in a text it begins
		    forms = [half] + [base64.b64encode(bytes(n) + half)[4 * (n > 0):-4]
		                      for n in range(3)]
		    spaced = [half.hex(" ").encode(), half.hex(":").encode()]
		    if any(f in text for f in forms) or \
		            any(f in low for f in [half.hex().encode()] + spaced):
		        print(name)
	PYTHON
}

# The external PSK as common/keying/psk.h has it, derived by somebody else.
psk() { # SPI
	python3 - "$in_text" "$1" <<-'PYTHON'
		import hashlib, hmac, socket, struct, sys
		ends = sorted(socket.inet_aton(a) for a in ("10.1.0.1", "10.0.2.2"))
		info = b"sojourn esp psk" + bytes([34]) + struct.pack(">I", int(sys.argv[2]))
		prk = hmac.digest(bytes(32), sys.argv[1].encode(), "sha256")
		print(hmac.digest(prk, info + b"".join(ends) + b"\1", "sha256").hex())
	PYTHON
}

# certify NAME ADDRESS: a private key and its certificate, by an authority.
certify() {
	local base=$LAB_DIR/$1 ec="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
	# shellcheck disable=SC2086
	{
		[ -e "$LAB_DIR/ca.key" ] || openssl req -x509 $ec -days 2 -subj /CN=authority \
			-keyout "$LAB_DIR/ca.key" -out "$LAB_DIR/ca.pem"
		openssl req $ec -keyout "$base.key" -out "$base.csr" -subj "/CN=$1"
		echo "subjectAltName=IP:$2" >"$base.ext"
		openssl x509 -req -in "$base.csr" -CA "$LAB_DIR/ca.pem" -days 2 \
			-CAkey "$LAB_DIR/ca.key" -CAcreateserial -extfile "$base.ext" -out "$base.pem"
	} 2>/dev/null
	chmod 600 "$base.key"
}

# private NAME: a private key as `leaked` wants it: whole, the lines of its file that are
# not of the public key, and the bare number.
private() {
	python3 - "$1" "$LAB_DIR/$1.key" <<-'PYTHON'
		import base64, sys
		lines = open(sys.argv[2]).read().split("\n")
		print(sys.argv[1] + "-file", lines[0].encode().hex())
		der = base64.b64decode("".join(lines[1:-2]))
		number = der.index(b"\2\1\1\4\x20") + 5 # RFC 5915
		print(sys.argv[1] + "-number", der[number:number + 32].hex())
		print(sys.argv[1] + "-whole", der.hex())
		for n in range(0, number + 32, 48):
		    print(f"{sys.argv[1]}-line-{n // 48}", der[n:n + 48].hex())
	PYTHON
}

keying() { # NAME
	echo "<keying certificate=\"$1.pem\" private-key=\"$1.key\" authorities=\"ca.pem\"/>"
}

octets_of() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }

agents() { # [ELEMENTS-OF-HA [ELEMENTS-OF-FA1]]
	local esp='<esp rekey-seconds="2"/>'
	local manual="<manual-esp peer=\"10.0.3.2\" spi-in=\"0x1001\" spi-out=\"0x1002\" key-in=\"hex:$by_hand\" key-out=\"hex:$by_hand\" integrity-key-in=\"hex:$by_hand\" integrity-key-out=\"hex:$by_hand\"/>"
	local peer="s|<peer-agent address=\"10[.][01][.][02][.][12]\"|& protection=\"esp\"|"
	local key="s|key=\"hex:a0a1[0-9a-f]*\"|key=\"text:$in_text\"|"
	local file="s|key=\"hex:0f1e[0-9a-f]*\"|key-file=\"$LAB_DIR/visit.key\"|"
	echo "hex:$in_file" >"$LAB_DIR/visit.key"
	chmod 600 "$LAB_DIR/visit.key"
	configure ha "$peer" "$key" "s|</home-agent>|${1:-}$esp$manual&|"
	configure fa1 "$peer" "$key" "$file" "s|</foreign-agent>|${2:-}$esp&|"
	configure mn "$file"
}

# All that the programs say, and what the system tells of them.
listen() {
	local agent what pid
	for agent in ha fa1 mn; do
		for what in status bindings visitors pending protection associations \
			tunnels counters violations; do
			ctl $agent show $what
			mipctl -s "$LAB_DIR/$agent.sock" show $what
		done
		ctl $agent help
		pid=$(cat "$LAB_DIR/$agent.pid")
		cat "/proc/$pid/cmdline" "/proc/$pid/environ" "/proc/$pid/comm"
	done >"$LAB_DIR/heard" 2>&1
}

# A configuration that is wrong right where a key is.
faulty() {
	sed 's|key="hex:8f4e|key="hex:zz8f4e|' "$LAB_DIR/ha.xml" >"$LAB_DIR/faulty.xml"
	chmod 600 "$LAB_DIR/faulty.xml"
	mip-ha -t -c "$LAB_DIR/faulty.xml" >"$LAB_DIR/faults" 2>&1
	sed "s|key=\"text:$in_text\"|key=\"test:$in_text\"|" "$LAB_DIR/ha.xml" \
		>"$LAB_DIR/faulty.xml"
	mip-ha -t -c "$LAB_DIR/faulty.xml" >>"$LAB_DIR/faults" 2>&1
	check "a wrong key is told of" grep -q 'association/@key' "$LAB_DIR/faults"
}

everywhere() {
	local log=$LAB_DIR/esp_sa agent
	agents "<keying key-log=\"$log\"/>"
	start_all ha fa1 mn
	for agent in ha fa1 mn; do
		lab_start watch-$agent ha mipctl -s "$LAB_DIR/$agent.sock" --json watch
	done
	lab_move visit1
	check_wait "the node is served, by ESP" 10 "node_is registered 10.0.2.2 &&
		shows ha protection 'any(.remote == \"10.0.2.2\" and .state == \"up\")'"
	check_pings "and reached" cn 10.1.0.10
	check_wait "keys are replaced" 10 \
		"shows ha protection 'any(.remote == \"10.0.2.2\" and .rekeys >= 2)'"
	listen
	faulty
	for agent in ha fa1 mn; do
		stop $agent
		lab_stop watch-$agent
	done
	{
		echo "in-hex $in_hex"
		echo "in-text $(octets_of "$in_text")"
		echo "in-file $in_file"
		echo "by-hand $by_hand"
		echo "psk $(psk 3001)"
		awk -F'"' '{ sub(/^0x/, "", $12); print "exported-" NR, $12 }' "$log"
	} >"$LAB_DIR/keys"
	check "keys of each kind are known" test "$(wc -l <"$LAB_DIR/keys")" -ge 11
	equal "the search finds what is there" \
		"$(leaked "$LAB_DIR/keys" "$LAB_DIR/ha.xml" "$LAB_DIR/visit.key" "$log" | wc -l)" \
		"$(($(wc -l <"$LAB_DIR/keys") - 1))"
	check "much was heard" test "$(cat "$LAB_DIR"/{ha,fa1,mn,watch-ha}.log "$LAB_DIR/heard" | wc -c)" -gt 20000
	equal "no key is in logs, answers, events, faults, arguments or environment" \
		"$(leaked "$LAB_DIR/keys" "$LAB_DIR"/*.log "$LAB_DIR/heard" "$LAB_DIR/faults")" ""
}

# Two certificates instead of what the agents share; and a private key that cannot be used.
certified() {
	local agent
	certify ha 10.1.0.1
	certify fa1 10.0.2.2
	{ private ha && private fa1; } >"$LAB_DIR/keys"
	agents "$(keying ha)" "$(keying fa1)"
	rm -f "$LAB_DIR"/*.log
	start_all ha fa1 mn
	for agent in ha fa1; do
		lab_start watch-$agent ha mipctl -s "$LAB_DIR/$agent.sock" --json watch
	done
	check_wait "certificates: the node is served" 10 \
		"node_is registered 10.0.2.2 && pings cn 10.1.0.10"
	check_shows "certificates: by them" ha protection \
		'any(.remote == "10.0.2.2" and .state == "up" and .keys == "certificate")'
	listen
	mv "$LAB_DIR/ha.key" "$LAB_DIR/whole.key"
	head -c 150 "$LAB_DIR/whole.key" >"$LAB_DIR/ha.key"
	chmod 600 "$LAB_DIR/ha.key"
	mip-ha -t -c "$LAB_DIR/ha.xml" >"$LAB_DIR/faults" 2>&1
	cp "$LAB_DIR/fa1.key" "$LAB_DIR/ha.key"
	mip-ha -t -c "$LAB_DIR/ha.xml" >>"$LAB_DIR/faults" 2>&1
	equal "certificates: faulty keys are told of" \
		"$(grep -c 'keying/@certificate' "$LAB_DIR/faults")" 2
	ctl ha reload >>"$LAB_DIR/heard" 2>&1
	for agent in mn fa1 ha; do
		stop $agent
	done
	for agent in ha fa1; do
		lab_stop watch-$agent
	done
	equal "certificates: the search finds what is there" \
		"$(leaked "$LAB_DIR/keys" "$LAB_DIR/whole.key" "$LAB_DIR/fa1.key" | wc -l)" 6
	openssl pkey -in "$LAB_DIR/whole.key" -outform DER >"$LAB_DIR/whole.der"
	equal "certificates: as octets too" "$(leaked "$LAB_DIR/keys" "$LAB_DIR/whole.der")" \
		ha-number
	equal "certificates: no private key is anywhere" "$(leaked "$LAB_DIR/keys" \
		"$LAB_DIR"/*.log "$LAB_DIR/heard" "$LAB_DIR/faults")" ""
}

# A process that dies leaves nothing of its memory, even where its owner wants that.
no_core() {
	local pid
	agents
	(ulimit -c unlimited && start_all ha)
	pid=$(cat "$LAB_DIR/ha.pid")
	equal "its memory is for nobody to look at" "$(stat -c %U "/proc/$pid/mem")" root
	equal "it leaves no core" "$(awk '/Max core/ { print $5, $6 }' "/proc/$pid/limits")" "0 0"
	kill -TRAP "$pid" # as deadly, and nothing that a sanitizer would report
	lab_wait 5 "! kill -0 $pid 2>/dev/null"
	rm -f "$LAB_DIR/ha.pid"
	equal "nor does a fault in it" "$(find . "$LAB_DIR" -maxdepth 1 -name 'core*' -newer "$LAB_DIR/keys")" ""
}

# On a disk of its own: full, and then one that must not be written.
no_room() {
	local log=$LAB_DIR/disk/esp_sa
	mkdir "$LAB_DIR/disk"
	mount -t tmpfs -o size=64k tmpfs "$LAB_DIR/disk" || return
	trap 'umount -l "$LAB_DIR/disk"; story_end' EXIT
	dd if=/dev/zero of="$LAB_DIR/disk/ballast" bs=4k 2>/dev/null
	agents "<keying key-log=\"$log\"/>"
	rm -f "$LAB_DIR"/*.log
	start_all ha fa1 mn
	check_wait "full disk: the node is served" 10 "node_is registered 10.0.2.2 && pings cn 10.1.0.10"
	check_wait "full disk: keys are replaced" 10 \
		"shows ha protection 'any(.remote == \"10.0.2.2\" and .rekeys >= 2)'"
	equal "full disk: told once" "$(grep -c 'keys are missing in the key log' "$LAB_DIR/ha.log")" 1
	rm "$LAB_DIR/disk/ballast"
	check_wait "room again: keys are in it" 10 "[ \$(wc -l <'$log') -ge 2 ]"
	equal "room again: whole lines" "$(grep -vc '^"IPv4",".*","0x[0-9a-f]*","NULL",""$' "$log")" 0
	stop ha
	mount -o remount,ro "$LAB_DIR/disk"
	start_all ha
	check "read-only: told" grep -q 'no key is logged: .*Read-only' "$LAB_DIR/ha.log"
	check_wait "read-only: keys are agreed on" 20 \
		"shows ha protection 'any(.remote == \"10.0.2.2\" and .state == \"up\")'"
	for agent in mn fa1 ha; do
		stop $agent
	done
	check_clean mn fa1 ha
}

story_begin python3 openssl
for part in ${SECRETS_PARTS:-everywhere certified no_core no_room}; do
	$part
done
tap_done
