# shellcheck shell=bash
# What the stories of ESP between the agents share, over lib_story.sh.
. "$(dirname "${BASH_SOURCE[0]}")/lib_story.sh"

# protected ATTRIBUTES [ESP-ATTRIBUTES]: all three agents, and the node.
protected() {
	local peer="s|<peer-agent \([^>]*\)>|<peer-agent \1 $1>|" esp="${2:-}"
	configure ha "$peer" "s|</home-agent>|<esp $esp/>&|"
	configure fa1 "$peer" "s|</foreign-agent>|<esp $esp/>&|"
	configure fa2 "$peer" "s|</foreign-agent>|<esp $esp/>&|"
	configure mn
}

up() { # AGENT PEER: keys stand
	shows "$1" protection "any(.remote == \"$2\" and .state == \"up\")"
}

registered_at() { # PLACE CARE-OF
	lab_move "$1"
	check_wait "at $1 the node is served" 15 "node_is registered $2"
}

scenario() { # NAME DURATION [MOVES]
	config "$1" <<-XML
		<scenario name="$1" title="protected" duration="$2"
		          cable="cable" cable-netns="$LAB-air" start="${4:-visit1}">
		  <end name="correspondent" netns="$LAB-cn" address="10.0.9.2"/>
		  <end name="node" netns="$LAB-mn" address="10.1.0.10"/>
		  <udp name="to-node" from="correspondent" to="node" port="5001" interval="2ms"/>
		  <udp name="from-node" from="node" to="correspondent" port="5002" interval="2ms"/>
		  <tcp name="stream" from="correspondent" to="node" port="5003" rate="1000000"/>
		  ${3:-}
		  <watch name="mn" control="$LAB_DIR/mn.sock" node="yes"/>
		</scenario>
	XML
	mn-sim scenario --quiet --out "$LAB_DIR" "$LAB_DIR/$1.xml"
}

result() { jq -r "$2" "$LAB_DIR/run-$1.json"; }

stop_agents() {
	local agent
	for agent in mn fa1 ha; do
		stop $agent
	done
}
