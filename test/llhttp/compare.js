// Compares our HTTP parsers with Node's llhttp on the fuzzers' seeds and on
// mutations of them. Every difference must have an entry in EXPECTED.
//
//	node compare.js PARSE_DUMP [COUNT [SEED]]
'use strict';

const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');

process.noDeprecation = true;
const { HTTPParser } = process.binding('http_parser');

const CORPUS = path.join(__dirname, '..', 'fuzz', 'corpus');
const MAX_HEAD = 60000;
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\n' +
    'Transfer-Encoding: chunked\r\n\r\n';

// What mutations put in.
const WORDS = [
	'\r', '\n', '\r\n', '\r\n\r\n', '\n\n', '\0', ' ', '\t', '\v', '\f',
	'\x7f', '\x80', '\xff', ':', ';', ',', '"', '#', '?', '%', '/', '_',
	'-', '+', '0', '1', '5', 'a', 'F', 'x', '\r\n ', '\r\n\t', ' :',
	'Content-Length: 5\r\n', 'Content-Length: 0\r\n',
	'Content-Length:\t6\r\n', 'Content-Length: +5\r\n',
	'Content-Length: 5,5\r\n', 'Content-Length:\r\n',
	'Transfer-Encoding: chunked\r\n', 'transfer-encoding:CHUNKED\r\n',
	'Transfer-Encoding: gzip\r\n', 'Transfer-Encoding: gzip, chunked\r\n',
	'Transfer-Encoding: chunked, gzip\r\n', 'Transfer-Encoding:\r\n',
	'Transfer-Encoding: chunked\t\r\n', 'Transfer-Encoding: identity\r\n',
	'Transfer-Encoding: xchunked\r\n', 'Transfer-Encoding : chunked\r\n',
	'Transfer_Encoding: chunked\r\n', 'Connection: close\r\n',
	'Connection: keep-alive\r\n', 'Connection: keep-alive, close\r\n',
	'Connection: upgrade\r\n', 'Upgrade: websocket\r\n',
	'Connection: ,\r\n', 'Expect: 100-continue\r\n', 'Proxy: x\r\n',
	'X: y\r\n', 'X:\r\n', ': y\r\n', 'X\r\n', 'Host: b\r\n', 'Host:\r\n',
	'GET ', 'POST ', 'HEAD ', ' HTTP/1.1', ' HTTP/1.0', ' HTTP/1.2',
	' HTTP/2.0', 'HTTP/0.9', 'http://b', '0\r\n\r\n', '5\r\nhello\r\n',
	';a=b', ';a="b"', 'ffffffffffffffff', '00000000000000000005',
];

const HTAB_BEHIND = /transfer-encoding:[ \t]*chunked[ \t]*\t[ \t]*\r/i;
const FRAMING_TRAILER = new RegExp('\\r\\n0+([ \\t;].*)?\\r\\n(.+\\r\\n)*' +
    '(content-length|transfer-encoding):', 'i');
const TAKEN = /^(done|more)$/;

// Every class of difference: our verdict, llhttp's, the reason, and if it can
// be told from the bytes, what they look like. A verdict is "done", "more" or
// "bad" and why; "=" is a difference between two requests that are not bad.
const EXPECTED = [
	// Ours is stricter.
	['bad no Host', TAKEN, 'llhttp leaves Host to its caller (9112 3.2)'],
	['bad two Host', TAKEN, 'the same'],
	['bad bad Host', TAKEN, 'the same'],
	['bad target * without OPTIONS', TAKEN,
		'llhttp does not look at the form (9112 3.2.4)'],
	['bad target is not a path nor an http URL', TAKEN,
		'llhttp takes any scheme; we serve http (9110 4.2)'],
	['bad bad host in target', TAKEN,
		'llhttp takes a bad port and user parts (9110 4.2.4)'],
	['bad bad byte in target', TAKEN,
		'llhttp takes a fragment (9112 3.2)', / .*#/],
	['bad empty target', TAKEN,
		'llhttp takes many spaces after the method (9112 3)', /  /],
	['bad bad HTTP version', TAKEN,
		'llhttp takes many spaces before the version (9112 3)', /  /],
	['bad no HTTP version', TAKEN, 'llhttp takes HTTP/0.9'],
	['bad HTTP version is not 1.x', TAKEN,
		'llhttp takes HTTP/0.9 and HTTP/2.0 (9110 15.6.6)',
		/HTTP\/(0\.9|2\.0)/],
	['bad CONNECT is not implemented', TAKEN, 'we are no proxy',
		/CONNECT/],
	['bad bare CR', TAKEN, 'llhttp skips any CR first (9112 2.2)',
		/^[\r\n]+[A-Z]/],
	['bad bad byte in method', TAKEN,
		'llhttp skips any LF first (9112 2.2)', /^[\r\n]+[A-Z]/],
	['bad too many empty lines', TAKEN,
		'llhttp skips any number (9112 2.2)', /^[\r\n]{10}/],
	['bad unknown expectation', TAKEN,
		'llhttp leaves Expect to its caller (9110 10.1.1)'],
	['bad last transfer coding is not chunked', TAKEN,
		'llhttp takes an empty one for none (9112 6.3)',
		/transfer-encoding:[ \t]*\r\n/i],
	['bad last transfer coding is not chunked', TAKEN,
		'llhttp looks at the last line only (9112 6.3)',
		/transfer-encoding:[^]*transfer-encoding:/i],
	['bad last transfer coding is not chunked', TAKEN,
		'llhttp does not look when there is an upgrade (9112 6.3)',
		/upgrade:/i],
	['bad unknown transfer coding', TAKEN,
		'llhttp looks at the last coding only (9112 6.1)',
		/transfer-encoding:.*,\s*chunked/i],
	['bad two Transfer-Encoding', TAKEN,
		'llhttp looks at the last line only (9112 6.1)'],
	['bad Transfer-Encoding in HTTP/1.0', TAKEN,
		'llhttp takes it (9112 6.1)'],
	['bad huge Content-Length', TAKEN,
		'llhttp takes 64 bits, we take 63',
		/content-length:[ \t]*0*[0-9]{19,20}[ \t]*\r/i],
	['bad huge chunk size', TAKEN,
		'the same', /[89a-f][0-9a-f]{15}\b/i],

	// Ours is more forgiving.
	[TAKEN, /^bad HPE_INVALID_METHOD/,
		'llhttp knows a list; any token may be one (9110 9.1)'],
	[TAKEN, /^(more|bad HPE_INVALID_VERSION Expected HTTP\/2 .*)$/,
		'the same', /^\s*PRI /],
	[TAKEN, 'bad HPE_INVALID_VERSION Invalid HTTP version',
		'a higher minor is taken as 1.1 (9110 2.5)',
		/HTTP\/1\.[2-9]\r/],
	[TAKEN, 'bad HPE_INVALID_CHUNK_SIZE Invalid character in chunk size',
		'white space may stand before a ";" (9112 7.1.1)',
		/\r\n[0-9a-f]+[ \t]+;/i],
	[TAKEN, 'bad, but hidden by the upgrade', 'the same',
		/\r\n[0-9a-f]+[ \t]+;/i],
	[TAKEN, /^bad HPE_STRICT Invalid character in chunk extensions/,
		'llhttp does not take all of "; a=b" (9112 7.1.1)',
		/\r\n[0-9a-f]+;.*/i],
	[TAKEN, 'bad, but hidden by the upgrade',
		'trailers are ignored (9110 6.5.1)', FRAMING_TRAILER],
	[TAKEN, /^bad HPE_(INVALID|UNEXPECTED)_CONTENT_LENGTH/,
		'trailers are ignored (9110 6.5.1)', FRAMING_TRAILER],
	[TAKEN, /^bad HPE_INVALID_TRANSFER_ENCODING/,
		'trailers are ignored (9110 6.5.1)', FRAMING_TRAILER],
	[TAKEN, /^bad HPE_INVALID_TRANSFER_ENCODING/,
		'llhttp does not trim HTAB behind it (9110 5.5)',
		HTAB_BEHIND],
	[TAKEN, /^bad HPE_INVALID_CONTENT_LENGTH/, 'the same',
		/content-length:[ \t]*[0-9]+ *\t/i],
	[/^(more|bad .*)$/, 'done', 'the same, with an upgrade', HTAB_BEHIND],

	// Both take it.
	['= keep false', '= keep true', 'close wins (9112 9.3)',
		/HTTP\/1\.0\r[^]*close/i],
	['= keep false', '= keep true',
		'llhttp does not trim HTAB behind it (9110 5.5)',
		/connection:.*close *\t/i],
	['= upgrade false', '= upgrade true',
		'not in HTTP/1.0 (9110 7.8)', /HTTP\/1\.0\r[^]*upgrade/i],
];

const METHODS = process.binding('http_parser').allMethods;

// A small generator of the same numbers everywhere (xorshift32).
function randomFrom(seed) {
	let x = seed >>> 0 || 1;

	return (n) => {
		x ^= x << 13;
		x >>>= 0;
		x ^= x >>> 17;
		x ^= x << 5;
		x >>>= 0;
		return x % n;
	};
}

// The fuzzers' seeds as whole requests.
function seeds() {
	const read = (kind) => fs.readdirSync(path.join(CORPUS, kind)).sort()
		.map((name) => fs.readFileSync(path.join(CORPUS, kind, name)));
	const head = Buffer.from(CHUNKED);

	return read('http_parse').concat(
		read('http_chunked').map((body) => Buffer.concat([head, body])));
}

// One change somewhere in a request.
function mutate(buf, all, random) {
	const at = random(buf.length + 1);
	const end = Math.min(buf.length, at + 1 + random(8));
	const word = Buffer.from(WORDS[random(WORDS.length)], 'latin1');
	const other = all[random(all.length)];
	const line = buf.indexOf('\n', at) + 1;

	switch (random(7)) {
	case 0:
		return Buffer.concat([buf.subarray(0, at), word,
			buf.subarray(at)]);
	case 1:
		return Buffer.concat([buf.subarray(0, at), word,
			buf.subarray(end)]);
	case 2:
		return Buffer.concat([buf.subarray(0, at), buf.subarray(end)]);
	case 3:
		return Buffer.concat([buf.subarray(0, end), buf.subarray(at)]);
	case 4:
		return Buffer.concat([buf.subarray(0, at),
			other.subarray(random(other.length + 1))]);
	case 5:
		return Buffer.concat([buf.subarray(0, at),
			Buffer.from([random(256)]), buf.subarray(at + 1)]);
	default:
		return Buffer.concat([buf.subarray(0, line), word,
			buf.subarray(line)]);
	}
}

// The seeds, and so many mutations of them.
function inputs(count, seed) {
	const all = seeds();
	const random = randomFrom(seed);
	const out = all.slice();

	while (out.length < count + all.length) {
		let buf = all[random(all.length)];

		for (let n = 1 + random(3); n > 0; n--)
			buf = mutate(buf, all, random);
		out.push(buf);
	}
	return out;
}

// What llhttp says of the first request in the bytes.
function theirs(buf) {
	const req = { verdict: 'more', head: false, fields: [], data: '' };
	const parser = new HTTPParser();
	const target = [];
	let done = false;

	const fieldsIn = (list, url) => {
		for (let i = 0; !req.head && i < list.length; i += 2)
			req.fields.push([list[i], list[i + 1]]);
		if (!req.head && url)
			target.push(url);
	};
	parser.initialize(HTTPParser.REQUEST, {}, MAX_HEAD, 0);
	parser[HTTPParser.kOnHeaders | 0] = fieldsIn;
	parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, list,
		method, url, status, message, upgrade, keep) => {
		if (done)
			return 0;
		fieldsIn(list || [], url);
		Object.assign(req, { head: true, method: METHODS[method],
			target: target.join(''), minor, upgrade, keep });
		return 0;
	};
	parser[HTTPParser.kOnBody | 0] = (data) => {
		if (!done)
			req.data += Buffer.from(data).toString('latin1');
	};
	parser[HTTPParser.kOnMessageComplete | 0] = () => {
		if (!done)
			req.verdict = 'done';
		done = true;
	};
	const ret = parser.execute(buf);
	if (!done && ret instanceof Error)
		req.verdict = `bad ${ret.code} ${ret.reason}`;
	else if (!done && ret < buf.length)
		req.verdict = 'bad, but hidden by the upgrade';
	return req;
}

// What our parsers say of each of these.
function ours(program, list) {
	const parts = [];

	for (const buf of list) {
		const size = Buffer.alloc(4);

		size.writeUInt32LE(buf.length);
		parts.push(size, buf);
	}
	const run = spawnSync(program, { input: Buffer.concat(parts),
		maxBuffer: 1 << 30 });
	if (run.status !== 0)
		throw new Error(`${program} failed: ${run.signal} ${run.stderr}`);
	const requests = run.stdout.toString().split('end\n');
	if (requests.length !== list.length + 1)
		throw new Error(`${program} missed requests`);
	return requests.slice(0, -1).map(readOurs);
}

// One request of parse_dump's output.
function readOurs(text) {
	const req = { head: false, fields: [], data: '' };
	const bytes = (hex) => Buffer.from(hex, 'hex').toString('latin1');

	for (const line of text.split('\n')) {
		const [word, value] = line.split(/ (.*)/s);

		switch (word) {
		case 'head':
			req.verdict = value;
			req.head = value === 'done';
			break;
		case 'body':
			req.verdict = value;
			break;
		case 'name':
			req.fields.push([bytes(value), '']);
			break;
		case 'value':
			req.fields[req.fields.length - 1][1] = bytes(value);
			break;
		case 'data':
			req.data += bytes(value);
			break;
		case 'method':
		case 'target':
			req[word] = bytes(value);
			break;
		case 'minor':
			req.minor = Number(value);
			break;
		case 'keep':
		case 'upgrade':
			req[word] = value === '1';
			break;
		}
	}
	return req;
}

// The fields that our parser does not drop.
function keptFields(req) {
	return JSON.stringify(req.fields.filter(([name]) =>
		!name.includes('_') && !/^proxy$/i.test(name)));
}

// The differences between two answers: pairs of what ours and llhttp say.
function differences(our, their) {
	const out = [];

	if (our.verdict.startsWith('bad') && their.verdict.startsWith('bad'))
		return out;
	if (our.verdict !== their.verdict)
		return [[our.verdict, their.verdict]];
	if (our.head !== their.head)
		return [[`= head ${our.head}`, `= head ${their.head}`]];
	if (!our.head)
		return out;
	for (const key of ['method', 'target', 'minor', 'keep', 'upgrade',
		'data']) {
		if (our[key] !== their[key])
			out.push([`= ${key} ${our[key]}`,
				`= ${key} ${their[key]}`]);
	}
	if (keptFields(our) !== keptFields(their))
		out.push([`= fields ${keptFields(our)}`,
			`= fields ${keptFields(their)}`]);
	return out;
}

// Index of the entry that explains a difference, or -1.
function explain([our, their], text) {
	const fits = (pattern, text) => typeof pattern === 'string' ?
		pattern === text : pattern.test(text);

	return EXPECTED.findIndex((row) => fits(row[0], our) &&
		fits(row[1], their) && (!row[3] || row[3].test(text)));
}

// Is one waiting for more of what the other has refused already?
function isEarly(our, their) {
	const verdicts = [our.verdict, their.verdict];

	return verdicts.includes('more') &&
		verdicts.some((verdict) => verdict.startsWith('bad'));
}

// Compares all, and bytes that one refused early with an end put to them.
function compareAll(program, list, tally) {
	const early = [];

	ours(program, list).forEach((our, i) => {
		const their = theirs(list[i]);

		if (tally.retry && isEarly(our, their)) {
			early.push(Buffer.concat([list[i],
				Buffer.from('\r\n\r\n\r\n\r\n0\r\n\r\n')]));
			return;
		}
		for (const diff of differences(our, their)) {
			const row = explain(diff, list[i].toString('latin1'));

			tally.counts[row] = (tally.counts[row] || 0) + 1;
			if (row < 0)
				tally.unexplained.push([diff, list[i]]);
		}
	});
	if (early.length > 0)
		compareAll(program, early, Object.assign(tally,
			{ retry: false }));
}

// Prints what was found; the exit status.
function report(tally, total) {
	EXPECTED.forEach(([our, their, reason], i) => {
		if (tally.counts[i])
			console.log(`${tally.counts[i]}\t${our} | ${their}: ` +
			    reason);
	});
	for (const [[our, their], buf] of tally.unexplained.slice(0, 20))
		console.log(`UNEXPLAINED ${our} | ${their}\n\t` +
		    JSON.stringify(buf.toString('latin1')));
	console.log(`${total} requests, llhttp ${process.versions.llhttp}, ` +
	    `${tally.unexplained.length} unexplained differences`);
	return tally.unexplained.length === 0 ? 0 : 1;
}

// Compares as the arguments say.
function main([program, count, seed]) {
	if (!/^9\.[3-9]/.test(process.versions.llhttp)) {
		console.log('skipped: EXPECTED is about llhttp 9.3, this is ' +
		    process.versions.llhttp);
		return;
	}
	const list = inputs(Number(count || 20000), Number(seed || 1));
	const tally = { counts: {}, unexplained: [], retry: true };

	compareAll(program, list, tally);
	process.exitCode = report(tally, list.length);
}

main(process.argv.slice(2));
