/* SPDX-License-Identifier: ISC */
/*
 * ESP (RFC 4303) over finished outer packets, in place: the outer header moves to
 * make room for SPI, sequence number and IV, and back.
 *
 * Out, a number is used up before the library sees the packet, so that whatever
 * fails, no nonce comes twice.  In, the order is that of RFC 4303 3.4: form, SPI,
 * window, ICV; only then is the window moved and the inside looked at.
 */
#include "common/tunnel/esp.h"

#include "common/base/bytes.h"
#include "common/tunnel/outer.h"

#include <string.h>

enum {
	TRAILER = 2, /* pad length and next header */
	CIPHER_BLOCK = 16,
	DUMMY_TTL = 64,
};

/* Octets of each part of an outgoing packet. */
struct layout {
	size_t header; /* outer IPv4 */
	size_t payload;
	size_t tfc;
	size_t pad;
	size_t head; /* SPI, sequence number, IV */
	size_t body; /* payload to next header */
	size_t esp;
};

static size_t round_up(size_t n, size_t multiple)
{
	return (n + multiple - 1) / multiple * multiple;
}

/* SPI to IV, and ICV. */
static size_t around_body(const struct esp_algorithm_info *info)
{
	return ESP_HEADER + info->iv_len + info->icv_len;
}

size_t esp_payload_most(enum esp_algorithm a, size_t packet_most)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(a);
	size_t fixed = IPV4_HEADER + around_body(info);

	if (packet_most < fixed + info->block)
		return 0;
	return (packet_most - fixed) / info->block * info->block - TRAILER;
}

size_t esp_overhead_most(enum esp_algorithm a)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(a);

	return around_body(info) + TRAILER + info->block - 1;
}

static bool is_tunnel(uint8_t protocol)
{
	return protocol == PROTO_IPIP || protocol == PROTO_GRE ||
	       protocol == PROTO_MINIMAL;
}

/* Only where the length inside says where the padding begins (RFC 4303 2.7). */
static size_t tfc_for(const struct esp_sa_out *sa, uint8_t next_header, size_t payload)
{
	size_t fits = __atomic_load_n(&sa->packet_most, __ATOMIC_RELAXED);
	size_t most = esp_payload_most(sa->algorithm, fits);
	size_t padded;

	if (!sa->tfc || next_header != PROTO_IPIP || payload >= most)
		return 0;
	padded = round_up(payload, sa->tfc);
	return (padded < most ? padded : most) - payload;
}

static struct layout layout_of(const struct esp_sa_out *sa, const struct pkt *p,
			       uint8_t next_header)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(sa->algorithm);
	struct layout l = { .header = ipv4_header_len(pkt_ipv4_of(p)),
			    .head = ESP_HEADER + info->iv_len };
	size_t filled;

	l.payload = p->len - l.header;
	l.tfc = tfc_for(sa, next_header, l.payload);
	filled = l.payload + l.tfc + TRAILER;
	l.body = round_up(filled, info->block);
	l.pad = l.body - filled;
	l.esp = l.head + l.body + info->icv_len;
	return l;
}

static bool has_room(const struct pkt *p, const struct layout *l)
{
	return l->header + l->esp <= IPV4_MAX &&
	       (size_t)(p->data - p->room) >= l->head &&
	       l->header + l->esp - l->head <= pkt_room(p);
}

static size_t blocks_of(const struct layout *l)
{
	return round_up(l->body, CIPHER_BLOCK) / CIPHER_BLOCK;
}

/* What the key has left, less the blocks of this packet; false: not so many. */
static bool take_blocks(struct esp_sa_out *sa, uint64_t want)
{
	uint64_t left = __atomic_load_n(&sa->blocks, __ATOMIC_RELAXED);

	do {
		if (left < want)
			return false;
	} while (!__atomic_compare_exchange_n(&sa->blocks, &left, left - want, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

/* A number that nobody else has; false: there is none left. */
static bool take_number(struct esp_sa_out *sa, uint64_t *number)
{
	*number = __atomic_load_n(&sa->next, __ATOMIC_RELAXED);
	do {
		if (*number > sa->last)
			return false;
	} while (!__atomic_compare_exchange_n(&sa->next, number, *number + 1, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

/* TFC padding, then 1, 2, 3, ... (RFC 4303 2.4), pad length, next header. */
static void write_tail(uint8_t *to, const struct layout *l, uint8_t next_header)
{
	memset(to, 0, l->tfc);
	to += l->tfc;
	for (size_t i = 0; i < l->pad; i++)
		to[i] = (uint8_t)(i + 1);
	to[l->pad] = (uint8_t)l->pad;
	to[l->pad + 1] = next_header;
}

static void write_head(const struct esp_sa_out *sa, uint64_t sequence, uint8_t *to)
{
	struct writer w = writer_over(to, ESP_HEADER);

	write_u32(&w, sa->spi);
	write_u32(&w, (uint32_t)sequence);
}

/* Say what the packet is now; the rest of the outer header stays. */
static void relabel(struct pkt *p, size_t header, size_t payload, uint8_t protocol)
{
	struct ipv4 *ip = pkt_ipv4(p);

	p->len = header + payload;
	ip->length = htons((uint16_t)p->len);
	ip->protocol = protocol;
	ipv4_seal(ip);
}

static void count(struct esp_sa_counts *c, size_t octets, uint8_t next_header)
{
	counter_add(&c->packets, 1);
	counter_add(&c->octets, octets);
	if (next_header == PROTO_NONE)
		counter_add(&c->dummies, 1);
}

/* There is room. */
static void seal(struct esp_sa_out *sa, unsigned lane, uint64_t sequence, struct pkt *p,
		 const struct layout *l)
{
	const uint8_t next_header = pkt_ipv4_of(p)->protocol;
	struct esp_cipher *cipher = sa->cipher[lane];
	uint8_t *esp;

	write_tail(p->data + l->header + l->payload, l, next_header);
	p->data -= l->head;
	memmove(p->data, p->data + l->head, l->header);
	relabel(p, l->header, l->esp, PROTO_ESP);
	esp = p->data + l->header;
	write_head(sa, sequence, esp);
	if (esp_cipher_make_iv(cipher, sequence, esp + ESP_HEADER) < 0 ||
	    esp_cipher_seal(cipher, sequence, esp, l->esp) < 0)
		p->drop = DROP_ESP_CIPHER;
	else
		count(&sa->counts, l->payload, next_header);
}

/* Both, or nothing. */
static bool take(struct esp_sa_out *sa, uint64_t blocks, uint64_t *number)
{
	if (!take_blocks(sa, blocks))
		return false;
	if (take_number(sa, number))
		return true;
	counter_add(&sa->blocks, blocks);
	return false;
}

static void wrap(struct esp_sa_out *sa, unsigned lane, struct pkt *p)
{
	struct layout l = layout_of(sa, p, pkt_ipv4_of(p)->protocol);
	uint64_t sequence;

	if (!has_room(p, &l)) {
		p->drop = DROP_NO_ROOM;
	} else if (!take(sa, blocks_of(&l), &sequence)) {
		p->drop = DROP_ESP_EXHAUSTED;
		counter_add(&sa->exhausted, 1);
	} else {
		seal(sa, lane, sequence, p, &l);
	}
}

static void push_one(struct esp_sa_out *sa, unsigned lane, struct pkt *p)
{
	if (ipv4_is_fragment(pkt_ipv4_of(p)))
		p->drop = DROP_ESP_FRAGMENT;
	else if (!is_tunnel(pkt_ipv4_of(p)->protocol))
		p->drop = DROP_ESP_NEXT_HEADER;
	else
		wrap(sa, lane, p);
}

void esp_push(struct esp_sa_out *sa, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			push_one(sa, v->lane, v->pkt[i]);
}

void esp_dummy(struct esp_sa_out *sa, struct pkt *p, size_t size)
{
	size_t most = size < IPV4_MAX ? size : IPV4_MAX;
	size_t payload = esp_payload_most(sa->algorithm, most);
	const struct ipv4_fields fields = { .src = sa->local,
					    .dst = sa->remote,
					    .protocol = PROTO_NONE,
					    .ttl = DUMMY_TTL,
					    .df = true,
					    .id = outer_take_id(&sa->next_dummy_id) };

	ipv4_build(p->data, &fields, payload);
	memset(p->data + IPV4_HEADER, 0, payload);
	p->len = IPV4_HEADER + payload;
	wrap(sa, 0, p);
}

bool esp_spi_of(const struct pkt *p, uint32_t *spi)
{
	struct reader in = reader_over(p->data, p->len);

	read_skip(&in, ipv4_header_len(pkt_ipv4_of(p)));
	*spi = read_u32(&in);
	return !in.bad;
}

/* The form, and whose it is: what needs neither window nor key. */
static enum drop_reason judge_form(const struct esp_sa_in *sa, const struct pkt *p)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(sa->algorithm);
	size_t esp = p->len - ipv4_header_len(pkt_ipv4_of(p));
	uint32_t spi;

	if (ipv4_is_fragment(pkt_ipv4_of(p)))
		return DROP_ESP_FRAGMENT;
	if (!esp_spi_of(p, &spi))
		return DROP_ESP_SHORT;
	if (pkt_ipv4_of(p)->protocol != PROTO_ESP || spi != sa->spi)
		return DROP_ESP_NO_SA;
	if (esp < around_body(info) + info->block ||
	    (esp - around_body(info)) % info->block != 0)
		return DROP_ESP_SHORT;
	return DROP_NONE;
}

/* The numbers of a vector's packets, as wide as they are. */
struct numbers {
	uint64_t of[PKT_VEC_MAX];
};

static enum drop_reason judge_number(struct esp_sa_in *sa, const struct pkt *p,
				     uint64_t *number)
{
	struct reader in = reader_over(p->data, p->len);

	read_skip(&in, ipv4_header_len(pkt_ipv4_of(p)) + 4);
	*number = replay_window_infer(&sa->window, read_u32(&in));
	if (!sa->replay_checked || replay_window_is_new(&sa->window, *number))
		return DROP_NONE;
	counter_add(&sa->replays, 1);
	return DROP_ESP_REPLAY;
}

/* Who sent it; afterwards its ESP is plaintext, or dropped (RFC 4303 3.4.4). */
static enum drop_reason authenticate(struct esp_sa_in *sa, unsigned lane, struct pkt *p,
				     uint64_t number)
{
	const size_t header = ipv4_header_len(pkt_ipv4_of(p));

	if (esp_cipher_open(sa->cipher[lane], number, p->data + header,
			    p->len - header))
		return DROP_NONE;
	counter_add(&sa->bad_icvs, 1);
	return DROP_ESP_ICV;
}

/* Another copy may have been accepted since its number was judged. */
static enum drop_reason accept_number(struct esp_sa_in *sa, uint64_t number)
{
	if (!sa->replay_checked) {
		if (number > sa->window.top)
			sa->window.top = number;
		return DROP_NONE;
	}
	if (!replay_window_is_new(&sa->window, number)) {
		counter_add(&sa->replays, 1);
		return DROP_ESP_REPLAY;
	}
	replay_window_accept(&sa->window, number);
	return DROP_NONE;
}

/* What an authentic body holds. */
struct inside {
	const uint8_t *payload;
	size_t len;
	uint8_t next_header;
};

/* Split the body: at least one block. */
static enum drop_reason decode_inside(const uint8_t *body, size_t len,
				      struct inside *out)
{
	size_t pad = body[len - TRAILER];

	*out = (struct inside){ .payload = body, .next_header = body[len - 1] };
	if (pad > len - TRAILER)
		return DROP_ESP_PADDING;
	out->len = len - TRAILER - pad;
	for (size_t i = 0; i < pad; i++)
		if (body[out->len + i] != i + 1)
			return DROP_ESP_PADDING;
	return DROP_NONE;
}

/* TFC padding ends an IPv4 packet; one that is not sound is the tunnel's to judge. */
static size_t without_tfc(const struct inside *inside)
{
	struct reader in = reader_over(inside->payload, inside->len);
	size_t total;

	if (inside->next_header != PROTO_IPIP)
		return inside->len;
	read_skip(&in, 2);
	total = read_u16(&in);
	return total < IPV4_HEADER || total > inside->len ? inside->len : total;
}

static enum drop_reason judge_inside(const struct inside *inside)
{
	if (inside->next_header == PROTO_NONE)
		return DROP_ESP_DUMMY;
	return is_tunnel(inside->next_header) ? DROP_NONE : DROP_ESP_NEXT_HEADER;
}

/* Take ESP away from around the payload. */
static void unwrap(const struct esp_sa_in *sa, struct pkt *p, const struct inside *in)
{
	size_t header = ipv4_header_len(pkt_ipv4(p));
	uint8_t *at = p->data + (in->payload - p->data) - header;

	memmove(at, p->data, header);
	p->data = at;
	pkt_ipv4(p)->src = sa->remote;
	pkt_ipv4(p)->dst = sa->local;
	relabel(p, header, in->len, in->next_header);
}

/* Split what is authentic and take ESP from around it. */
static enum drop_reason look_inside(struct esp_sa_in *sa, struct pkt *p)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(sa->algorithm);
	size_t header = ipv4_header_len(pkt_ipv4(p));
	struct inside inside;
	enum drop_reason fault =
		decode_inside(p->data + header + ESP_HEADER + info->iv_len,
			      p->len - header - around_body(info), &inside);

	if (!fault)
		fault = judge_inside(&inside);
	if (fault && fault != DROP_ESP_DUMMY) {
		counter_add(&sa->bad_insides, 1);
		return fault;
	}
	inside.len = without_tfc(&inside);
	count(&sa->counts, inside.len, inside.next_header);
	if (!fault)
		unwrap(sa, p, &inside);
	return fault;
}

/* The live packets of the vector, one after the other. */
#define each_live(i, v)                           \
	for (unsigned i = 0; i < (v)->count; i++) \
		if (!(v)->pkt[i]->drop)

static void judge_numbers(struct esp_sa_in *sa, struct pkt_vec *v, struct numbers *n)
{
	pthread_mutex_lock(&sa->mutex);
	each_live(i, v) v->pkt[i]->drop = judge_number(sa, v->pkt[i], &n->of[i]);
	pthread_mutex_unlock(&sa->mutex);
}

static void accept_numbers(struct esp_sa_in *sa, struct pkt_vec *v,
			   const struct numbers *n)
{
	pthread_mutex_lock(&sa->mutex);
	each_live(i, v) v->pkt[i]->drop = accept_number(sa, n->of[i]);
	pthread_mutex_unlock(&sa->mutex);
}

void esp_pull(struct esp_sa_in *sa, struct pkt_vec *v)
{
	struct numbers n;

	each_live(i, v) v->pkt[i]->drop = judge_form(sa, v->pkt[i]);
	judge_numbers(sa, v, &n);
	each_live(i, v) v->pkt[i]->drop = authenticate(sa, v->lane, v->pkt[i], n.of[i]);
	accept_numbers(sa, v, &n);
	each_live(i, v) v->pkt[i]->drop = look_inside(sa, v->pkt[i]);
}
