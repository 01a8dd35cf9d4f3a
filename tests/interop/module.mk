# SPDX-License-Identifier: ISC

# Programs that the scripts of this folder call.
check_PROGRAMS += tests/interop/encode_messages
tests_interop_encode_messages_SOURCES = tests/interop/encode_messages.c
tests_interop_encode_messages_LDADD = $(agent_libs)

check_PROGRAMS += tests/interop/keying_end
tests_interop_keying_end_SOURCES = tests/interop/keying_end.c
tests_interop_keying_end_LDADD = $(agent_libs)
EXTRA_DIST += tests/interop/openssl_tls.sh

check_PROGRAMS += tests/interop/esp_packets
tests_interop_esp_packets_SOURCES = tests/interop/esp_packets.c
tests_interop_esp_packets_LDADD = $(agent_libs)

EXTRA_DIST += tests/interop/tshark_messages.sh tests/interop/kernel_tunnels.sh \
	tests/interop/kernel_fast.sh
EXTRA_DIST += tests/interop/scapy_registration.sh tests/interop/scapy_registration.py \
	tests/interop/mobile_ip.py tests/interop/lab.py
EXTRA_DIST += tests/interop/scapy_esp.sh tests/interop/scapy_esp.py

check_PROGRAMS += tests/interop/esp_gateway
tests_interop_esp_gateway_SOURCES = tests/interop/esp_gateway.c
tests_interop_esp_gateway_LDADD = $(agent_libs)
EXTRA_DIST += tests/interop/lib_kernel.sh tests/interop/lib_xfrm.sh tests/interop/kernel_esp.sh \
	tests/interop/kernel_esp_algorithms.sh tests/interop/kernel_esp_hostile.sh \
	tests/interop/esp_middle.py tests/interop/udp_encap.py \
	tests/interop/tshark_esp.sh tests/interop/esp_decrypt.py

check_PROGRAMS += tests/interop/segment_packets
tests_interop_segment_packets_SOURCES = tests/interop/segment_packets.c
tests_interop_segment_packets_LDADD = $(agent_libs)
EXTRA_DIST += tests/interop/kernel_segments.sh tests/interop/kernel_segments.py
