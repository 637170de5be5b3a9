"""Each decoder against hostile input: only `DecodeError`, never slow.

Every run takes the same `RAWR_FUZZ_INPUTS` inputs per decoder, mutated from valid ones.
"""

import gc
import os
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest

from rawr.wire import DecodeError, load_json
from rawr.wire.batch import batch_response_from_json, parse_batch_request
from rawr.wire.body import parse_body, parse_urlencoded
from rawr.wire.disposition import filename_of
from rawr.wire.event_iterator import IteratorDecoder
from rawr.wire.multipart import parse_multipart
from rawr.wire.openapi import OpenAPISerializer, parse_path, unflatten
from rawr.wire.path import lookup_path, split_url
from rawr.wire.peer import decode_client_frame, decode_server_frame
from rawr.wire.rpc import RPCSerializer

INPUTS = int(os.environ.get("RAWR_FUZZ_INPUTS", "20000"))
SLOWEST_SECONDS = 0.5

RPC = RPCSerializer()
OPENAPI = OpenAPISerializer()
FORM = "multipart/form-data; boundary=B"


PATHS: tuple[list[object], ...] = ([], ["a"], ["a", 0], ["a", 1, 0], ["b"], ["c", "d"], ["a", "1"])


def _decode_tags(content: bytes) -> None:
    """Valid JSON whose tags are the input: each byte is a tag and a path."""
    tree = {"a": ["1", [None, "https://x.y/"]], "b": "2022-01-01T00:00:00.000Z", "c": {"d": "/a/g"}}
    meta = [[byte % 9, *PATHS[byte // 9 % len(PATHS)]] for byte in content]
    RPC.deserialize({"json": tree, "meta": meta})


def _decode_rpc_form(content: bytes) -> None:
    RPC.deserialize_body(parse_multipart(content, FORM))


def _decode_openapi_form(content: bytes) -> None:
    OPENAPI.deserialize_body(parse_multipart(content, FORM))


def _decode_stream(content: bytes) -> None:
    decoder = IteratorDecoder(RPC)
    decoder.feed(content[: len(content) // 2])
    decoder.feed(content[len(content) // 2 :])
    decoder.close()


def _decode_query(content: bytes) -> None:
    OPENAPI.deserialize_body(parse_urlencoded(content))


def _decode_batch(content: bytes) -> None:
    for item in parse_batch_request(load_json(content), method="POST"):
        lookup_path(item.raw_path, "/rpc")


def _decode_answer(content: bytes) -> None:
    batch_response_from_json(load_json(content))


def _decode_client(content: bytes) -> None:
    decode_client_frame(content)
    decode_client_frame(content.decode("utf-8", "replace"))


def _decode_server(content: bytes) -> None:
    decode_server_frame(content)


def _decode_body(content: bytes) -> None:
    header, _, body = content.partition(b"\n")
    parse_body(body, {"content-type": header.decode("utf-8", "replace")})


def _decode_names(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    parse_path(text)
    filename_of(text)
    path, _ = split_url(text)
    lookup_path(path, "/rpc")


TAGGED = (
    b'{"json":{"s":"x","big":"123","d":"2022-01-01T00:00:00.000Z","inv":null,"arr":[null,"1"],'
    b'"url":"https://x.y/z","re":"/a/gi","set":[1,[2]],"map":[["k","1"]]},"meta":[[0,"big"],[1,"d"],'
    b'[1,"inv"],[3,"arr",0],[0,"arr",1],[4,"url"],[5,"re"],[6,"set"],[0,"map",0,1],[7,"map"]]}'
)
RPC_FORM = (
    b'--B\r\nContent-Disposition: form-data; name="data"\r\n\r\n'
    b'{"json":{"a":[{}]},"maps":[["a",0]]}\r\n'
    b'--B\r\nContent-Disposition: form-data; name="0"; filename="f%22"\r\n'
    b"Content-Type: a/b\r\n\r\nabc\r\n--B--\r\n"
)
STREAM = (
    b': \n\nevent: message\nid: 1\nretry: 5\ndata: {"json":1}\n\n'
    b'data: {"json":[null],"meta":[[3,0]]}\r\n\r\n'
    b'event: error\ndata: {"json":{"defined":false,"code":"X","status":418,"message":"m"}}\n\n'
)
FRAMES = (
    b'{"i":"1","p":{"u":"/echo?x=1","b":{"json":1},"h":{"content-type":"x","a":["b"]},"m":"GET"}}',
    b'{"i":1,"t":3,"p":{"e":"message","d":{"json":1},"m":{"id":"1","retry":5,"comments":["c"]}}}',
    b'{"i":"1","t":4}',
    b'{"i":"1","p":{"s":404,"h":{"content-disposition":"inline; filename=\\"x\\""}}}\xffbinary',
    b'{"i":"1","p":{"u":"/x","h":{"content-type":"multipart/form-data; boundary=B"}}}\xff'
    + RPC_FORM,
)
BATCH = b'[{"body":{"json":1},"headers":{"a":"b"},"url":"http://h/rpc/echo?x"},{"url":"http://h","method":"PUT"}]'
QUERY = b"a[0]=x&a[2][b]=y&a[]=1&c[d][]=%C3%A9+z&=1&0=2&a\\[b[c]=3"

DECODERS: dict[str, tuple[Callable[[bytes], object], tuple[bytes, ...]]] = {
    "rpc": (RPC.decode, (TAGGED,)),
    "rpc-tags": (_decode_tags, (b"", bytes([9, 10, 54]), bytes([27, 15, 24]))),
    "rpc-form": (_decode_rpc_form, (RPC_FORM,)),
    "openapi-form": (_decode_openapi_form, (RPC_FORM,)),
    "query": (_decode_query, (QUERY,)),
    "stream": (_decode_stream, (STREAM,)),
    "batch": (_decode_batch, (BATCH,)),
    "batch-answer": (_decode_answer, (b'{"index":0,"status":200,"headers":{"a":"b"},"body":{}}',)),
    "client-frame": (_decode_client, FRAMES),
    "server-frame": (_decode_server, FRAMES),
    "body": (_decode_body, (b"application/json\n" + TAGGED, FORM.encode() + b"\n" + RPC_FORM)),
    "names": (
        _decode_names,
        (QUERY, b"inline; filename=\"x\"; filename*=UTF-8''%41", b"http://h/a b?c"),
    ),
}

TOKENS = (
    b"null",
    b"[]",
    b"{}",
    b"[[",
    b"}}",
    b'"',
    b"\\",
    b"-1",
    b"1e999",
    b"9" * 40,
    b"true",
    b",",
    b":",
    b"[6]",
    b"[7]",
    b'[0,"a"]',
    b'"__proto__"',
    b"\\ud800",
    b"\xff",
    b"\x00",
    b"\r\n",
    b"\n\n",
    b"--B",
    b"--B--",
    b"data:",
    b"[",
    b"]",
    b"[]=",
    b"&",
    b"%",
    b"%FF",
    b"\xed\xa0\x80",
    b"99999999",
    b"/",
    b"*",
)


def _mutate(random: Random, seed: bytes) -> bytes:
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        start = random.randrange(len(data) + 1)
        end = min(len(data), start + random.choice((0, 0, 1, 2, 10)))
        kind = random.random()
        if kind < 0.4:
            data[start:end] = random.choice(TOKENS)
        elif kind < 0.6:
            data[start:end] = random.randbytes(1)
        elif kind < 0.8:
            del data[start:end]
        elif kind < 0.995:
            copied = random.randrange(len(data) + 1)
            data[start:end] = data[copied : copied + random.randrange(40)]
        else:
            data[start:end] = random.choice(TOKENS) * 2000
    return bytes(data)


def _decoded(decode: Callable[[bytes], object], content: bytes) -> tuple[float, bool]:
    """The processor time of one input, and whether it was refused."""
    start = time.thread_time()  # not the wall: other tests run beside this one
    try:
        decode(content)
    except DecodeError:
        return time.thread_time() - start, True
    return time.thread_time() - start, False


# The gate asks for 200,000 inputs each; slowness is judged inside, by processor time.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(DECODERS))
def test_a_decoder_raises_nothing_but_decode_errors_and_is_never_slow(name: str) -> None:
    decode, seeds = DECODERS[name]
    random = Random(name)
    slowest = 0.0
    refused = 0
    for _ in range(INPUTS):
        content = _mutate(random, random.choice(seeds))
        seconds, is_refused = _decoded(decode, content)
        if seconds > SLOWEST_SECONDS:
            # Perhaps the collector went through all that the other tests of this process hold;
            # a decoder that is slow is slow again.
            seconds, _ = _decoded(decode, content)
        refused += is_refused
        slowest = max(slowest, seconds)
    assert slowest < SLOWEST_SECONDS
    assert name == "names" or refused > 0


MEASURED_INPUTS = 1500
MOST_BYTES = 64 * 1024 * 1024
MOST_KEPT_BYTES = 512 * 1024


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_a_decoder_keeps_nothing_and_never_takes_much(name: str) -> None:
    decode, seeds = DECODERS[name]
    random = Random(name)
    contents = [_mutate(random, random.choice(seeds)) for _ in range(MEASURED_INPUTS)]

    def decode_all() -> None:
        for content in contents:
            with suppress(DecodeError):
                decode(content)

    decode_all()  # what is made once, such as patterns
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        decode_all()
        gc.collect()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES
    assert after - before < MOST_KEPT_BYTES


HOSTILE_FORMS = {
    "sparse arrays": [(f"a[{n}][9999]", "x") for n in range(9000)],
    "nested arrays": [(f"a{n}" + "[9999]" * 250, "x") for n in range(100)],
    "one large array": [("[9999]", "x")] * 1000,
    "deep names": [("a" + "[b]" * 100_000, "x")],
}


@pytest.mark.parametrize("name", sorted(HOSTILE_FORMS))
def test_a_small_form_cannot_fill_the_memory(name: str) -> None:
    tracemalloc.start()
    try:
        unflatten(HOSTILE_FORMS[name])
    except DecodeError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024
