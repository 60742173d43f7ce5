#!/usr/bin/env python3
"""A client of the storage system Torc (protocol version 1), with nothing but the standard library.

One request is under way at a time; a client is not for use by several threads at once. A connection that the server
gave up while the program was idle is replaced before the next request.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import io
import json
import os
import re
import socket
import struct
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO, Iterator, NoReturn, Sequence

Head = dict[str, Any]  # fields of a frame by their names in the protocol

DEFAULT_PORT, DEPTH_MAX, HANDSHAKE_FRAME_MAX, DATA_OVERHEAD = 7400, 8, 4096, 32
HANDSHAKE_SECONDS, GRACE_SECONDS = 5.0, 1.0
LIMITS = {"frameBytesMax": 2_097_152, "inlineBodyBytesMax": 65_536, "dataBytesMax": 262_144,
          "streamWindowBytes": 524_288, "openRequestsMax": 1024, "openStreamsMax": 64}
FrameType = IntEnum("FrameType", "HELLO WELCOME PUT GET DELETE LIST POST FETCH FETCH_RESP GOSSIP RESULT ERROR DATA "
                                 "END CREDIT CANCEL WATCH EVENT PING PONG")  # from 1 on
ErrorCode = IntEnum("ErrorCode", "INTERNAL PROTOCOL BAD_REQUEST TOO_LARGE UNSUPPORTED DENIED BUCKET_NOT_FOUND "
                                 "KEY_NOT_FOUND VERSION_NOT_FOUND BUCKET_EXISTS BUCKET_NOT_EMPTY CONFLICT UNAVAILABLE "
                                 "INDETERMINATE TIMEOUT UNREACHABLE OVERLOADED CANCELLED DISK_FULL CORRUPT NO_LAYOUT "
                                 "STALE_EPOCH NOT_OWNER PATH_DENIED NOT_A_FILE FILE_NOT_FOUND DATA_DIRECTORY "
                                 "CLOCK_SKEW CHECKSUM CONFIG PARTIAL CLOCK_UNREAD INTERRUPTED FILE_ACCESS "
                                 "VERSION_REMOVED SUPERSEDED INTENT_EXPIRED "
                                 "UPLOAD_NOT_FOUND INVALID_PART BLOCKS_MISSING")


class TorcError(Exception):
    """What went wrong: here, on the way, or at the server. Decide by `code`."""

    def __init__(self, code: int, message: str, hint: str = "", details: str | None = None) -> None:
        super().__init__(code, message, hint, details)
        self.code = ErrorCode(code) if 1 <= code <= len(ErrorCode) else ErrorCode.INTERNAL
        self.message, self.hint, self.details = message, hint, details

    @classmethod
    def of(cls, frame: Frame) -> TorcError:
        return cls(*(frame.head.get(name, default) for name, default in
                     (("code", 1), ("message", ""), ("hint", ""), ("details", None))))

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}" + (f" ({self.hint})" if self.hint else "")


# ---- MessagePack: the subset that Torc uses ----

_INTEGERS = ((0xCC, "B"), (0xCD, "H"), (0xCE, "I"), (0xCF, "Q"), (0xD0, "b"), (0xD1, "h"), (0xD2, "i"), (0xD3, "q"))
_NUMBERS = {code: struct.Struct(">" + letter) for code, letter in (*_INTEGERS, (0xCA, "f"), (0xCB, "d"))}
_SIZED = {0xC4: (bytes, 1), 0xC5: (bytes, 2), 0xC6: (bytes, 4), 0xD9: (str, 1), 0xDA: (str, 2), 0xDB: (str, 4),
          0xDC: (list, 2), 0xDD: (list, 4), 0xDE: (dict, 2), 0xDF: (dict, 4)}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def _pack_size(count: int, fix: int, fix_count: int, code8: int, code16: int) -> bytes:
    if count < fix_count:
        return bytes([fix | count])
    if code8 and count <= 0xFF:
        return bytes([code8, count])
    return struct.pack(">BH", code16, count) if count <= 0xFFFF else struct.pack(">BI", code16 + 1, count)


def pack(value: Any) -> bytes:
    """MessagePack of a value. Items of maps that are None are left out."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        if -32 <= value < 128:
            return bytes([value & 0xFF])
        for code, letter in _INTEGERS:
            with suppress(struct.error):
                return struct.pack(">B" + letter, code, value)
    if isinstance(value, str):
        raw = value.encode("utf-8")
        return _pack_size(len(raw), 0xA0, 32, 0xD9, 0xDA) + raw
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _pack_size(len(value), 0, 0, 0xC4, 0xC5) + value
    if isinstance(value, dict):
        items = [pack(key) + pack(item) for key, item in value.items() if item is not None]
        return _pack_size(len(items), 0x80, 16, 0, 0xDE) + b"".join(items)
    if isinstance(value, (list, tuple)):
        return _pack_size(len(value), 0x90, 16, 0, 0xDC) + b"".join(map(pack, value))
    raise TypeError(f"Torc's MessagePack has nothing for {value!r}")


def unpack(data: bytes) -> Any:
    """The one value that `data` is, or ValueError. nil in a map counts as absent."""
    at = 0

    def take(count: int) -> bytes:
        nonlocal at
        if count > len(data) - at:
            raise ValueError("a size exceeds the frame")
        at += count
        return data[at - count:at]

    def read(depth: int) -> Any:
        code = take(1)[0]
        if code < 0x80 or code >= 0xE0:
            return code if code < 0x80 else code - 256
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        if code in _NUMBERS:
            return _NUMBERS[code].unpack(take(_NUMBERS[code].size))[0]
        if code < 0xC0:
            kind, count = (str, code & 31) if code >= 0xA0 else (list if code >= 0x90 else dict, code & 15)
        elif code in _SIZED:
            kind, width = _SIZED[code]
            count = int.from_bytes(take(width), "big")
        else:
            raise ValueError(f"MessagePack code {code:#x} is not used")
        if kind is bytes or kind is str:
            return take(count) if kind is bytes else take(count).decode("utf-8")
        if depth > DEPTH_MAX or count > len(data) - at:
            raise ValueError("nested too deeply, or a count exceeds the frame")
        if kind is list:
            return [read(depth + 1) for _ in range(count)]
        items = [(read(depth + 1), read(depth + 1)) for _ in range(count)]
        if any(not isinstance(key, str) or key == "__proto__" for key, _ in items):
            raise ValueError("a key that no map may have")
        return {key: item for key, item in dict(items).items() if item is not None}

    value = read(0)
    if at != len(data):
        raise ValueError("bytes are left over")
    return value


# ---- Client ----


@dataclass(frozen=True)
class Frame:
    """A frame that came; `raw` is all of it, as it was on the wire."""

    type: int
    stream: int
    head: Head
    body: bytes | None
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Credentials:
        try:
            content = json.loads(Path(path).read_text("utf-8"))
            return cls(str(content["accessKey"]), str(content["secretKey"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TorcError(ErrorCode.CONFIG, f"no credentials in {path}: {error!r}") from error


def parse_server(server: str) -> tuple[str, int]:
    """Host and port of HOST, HOST:PORT or [IPV6]:PORT."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)]|([^\s:/\[\]@]+))(?::([0-9]{1,5}))?", server)
    port = int(found[3] or DEFAULT_PORT) if found else 0
    if not found or not 0 < port < 65536:
        raise TorcError(ErrorCode.CONFIG, f"{server!r} names no server", "Write HOST:PORT or [IPV6]:PORT.")
    return found[1] or found[2], port


class TorcClient:
    """A client of one server. Answers are the fields of the protocol's RESULT.

    >>> with TorcClient("127.0.0.1:7400", Credentials.load("credentials.json")) as client:
    ...     client.put("docs", "a.txt", b"hello")
    """

    def __init__(self, server: str, credentials: Credentials, timeout: float = 30.0) -> None:
        self._address, self._credentials, self._timeout = parse_server(server), credentials, timeout
        self._connect()

    def __enter__(self) -> TorcClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._closed, self._open = True, False
        self._socket.close()

    def make_bucket(self, bucket: str) -> Head:
        return self._call(FrameType.PUT, "bucket", bucket=bucket)

    def put(self, bucket: str, key: str, body: bytes | BinaryIO, **options: Any) -> Head:
        """Store an object. `options` are fields of PUT; to repeat a write, the same `opId` with `retry=True`."""
        return self._write(FrameType.PUT, "object", {"bucket": bucket, "key": key, **options}, body)

    def post(self, bucket: str, body: bytes | BinaryIO, **options: Any) -> Head:
        """Store a datum under a key that the server makes (`key` of the answer)."""
        return self._write(FrameType.POST, "datum", {"bucket": bucket, **options}, body)

    def get(self, bucket: str, key: str, *, version_id: str | None = None) -> bytes:
        """The bytes of an object."""
        target = io.BytesIO()
        self.get_into(bucket, key, target, version_id=version_id)
        return target.getvalue()

    def get_into(self, bucket: str, key: str, target: BinaryIO, *, version_id: str | None = None) -> Head:
        """Write an object to a file object. After an exception, throw away what was written."""
        digest, untaken = hashlib.sha256(), 0
        with self._request(FrameType.GET, "object", {"bucket": bucket, "key": key, "versionId": version_id}):
            frame = answer = self._next(FrameType.RESULT)
            while True:
                chunk = frame.body or b""
                digest.update(chunk)
                target.write(chunk)
                if not self._open:
                    break
                untaken = self._give_credit(untaken + len(chunk))
                frame = self._next(FrameType.DATA, FrameType.END)
        if digest.digest() != answer.head.get("sha256"):
            raise TorcError(ErrorCode.CHECKSUM, f"the body of {bucket}/{key} is not the one stored", "Get it again.")
        return answer.head

    def put_by_hash(self, bucket: str, key: str, source: BinaryIO) -> Head:
        """Store an object of more than 16 KiB; of its blocks only those that the cluster lacks are sent."""
        name = {"bucket": bucket, "key": key, "opId": os.urandom(16)}
        begun = self._call(FrameType.PUT, "block-offer", **name, hashes=b"", sizes=[])
        whole, size, receipts, entries = hashlib.sha256(), 0, {}, []
        for block in (cut_fixed if begun["cutting"] == "fixed" else cut_by_content)(source):
            digest = hashlib.sha256(block).digest()
            whole.update(block)
            size += len(block)
            if digest not in receipts:
                receipts[digest] = self._store_block(name, digest, block)
            entries.append(digest + struct.pack(">I", len(block)) + receipts[digest])
        fields = {**name, "size": size, "sha256": whole.digest()}
        return self._send_all(FrameType.PUT, "blocks", fields, b"".join(entries))

    def _store_block(self, name: Head, digest: bytes, block: bytes) -> bytes:
        """Offer one block, prove it or send it; its receipt."""
        about = {**name, "hashes": digest, "sizes": [len(block)]}
        if challenge := self._call(FrameType.PUT, "block-offer", **about)["challenges"]:
            proof = hashlib.sha256(challenge + block).digest()
            if receipt := self._call(FrameType.PUT, "block-proofs", **about, proofs=proof)["receipts"]:
                return receipt
        return self._send_all(FrameType.PUT, "object-block", {**name, "hash": digest, "size": len(block)}, block)["receipt"]

    def delete(self, bucket: str, key: str, **options: Any) -> Sequence[str]:
        """Purge an object; the ids of the versions that are gone. `options` are fields of DELETE."""
        fields = {"opId": os.urandom(16), **options}
        return self._call(FrameType.DELETE, "object", bucket=bucket, key=key, **fields)["removed"]

    def list_page(self, bucket: str, prefix: str = "", **options: Any) -> tuple[Sequence[Head], str | None]:
        """Entries of one page, and the token of the next. `options`: delimiter, limit, startAfter, token."""
        answer = self._call(FrameType.LIST, "keys", bucket=bucket, prefix=prefix, **options)
        return answer["entries"], answer.get("token")

    def list(self, bucket: str, prefix: str = "", **options: Any) -> Iterator[Head]:
        """All entries, over as many pages as it takes."""
        more = True
        while more:
            entries, options["token"] = self.list_page(bucket, prefix, **options)
            yield from entries
            more = options["token"] is not None

    def fetch(self, bucket: str, prefix: str = "") -> Iterator[Head]:
        """What all agents hold: pages with `items`, the last with `missing` and `silent`.

        Use up or close the iterator before the next request."""
        untaken = 0
        with self._request(FrameType.FETCH, "bucket", {"bucket": bucket, "prefix": prefix}):
            while self._open:
                frame = self._next(FrameType.FETCH_RESP)
                yield frame.head
                if self._open:
                    untaken = self._give_credit(untaken + len(frame.raw) - 4)

    def _call(self, kind: int, op: str, body: bytes | None = None, **fields: Any) -> Head:
        with self._request(kind, op, fields, body):
            return self._next(FrameType.RESULT).head

    def _write(self, kind: int, op: str, fields: Head, body: bytes | BinaryIO) -> Head:
        fields = {"opId": os.urandom(16), **fields}
        source = io.BytesIO(body) if isinstance(body, (bytes, bytearray, memoryview)) else body
        self._ready()
        limits = self._limits
        inline = max(0, min(limits["inlineBodyBytesMax"], limits["frameBytesMax"] - len(pack(fields)) - 256))
        first = b""
        while len(first) <= inline and (chunk := source.read(inline + 1 - len(first))):
            first += chunk
        if len(first) <= inline:
            return self._call(kind, op, first, **fields, size=len(first), sha256=hashlib.sha256(first).digest())
        return self._stream(kind, op, fields, first, source, limits)

    def _send_all(self, kind: int, op: str, fields: Head, body: bytes) -> Head:
        """A body that is here whole and no object: as it fits, in the frame or as a stream."""
        self._ready()
        limits = self._limits
        if len(body) <= min(limits["inlineBodyBytesMax"], limits["frameBytesMax"] - len(pack(fields)) - 256):
            return self._call(kind, op, body, **fields)
        return self._stream(kind, op, fields, body, io.BytesIO(), limits)

    def _stream(self, kind: int, op: str, fields: Head, first: bytes, source: BinaryIO, limits: dict[str, int]) -> Head:
        with self._request(kind, op, {**fields, "stream": True}):
            self._send_body(first, source, limits)
            while (frame := self._next(FrameType.RESULT, FrameType.CREDIT, FrameType.CANCEL)).type != FrameType.RESULT:
                pass  # sent before the server saw END
            return frame.head

    def _send_body(self, chunk: bytes, source: BinaryIO, limits: dict[str, int]) -> None:
        """DATA as far as the window goes, then END. It ends early when the server needs no more."""
        size, window = min(limits["dataBytesMax"], limits["frameBytesMax"] - DATA_OVERHEAD), limits["streamWindowBytes"]
        digest = hashlib.sha256()
        while chunk:
            digest.update(chunk)
            rest = memoryview(chunk)
            while rest:
                expected = FrameType.CREDIT, FrameType.CANCEL
                frame = self._poll(*expected) if window else self._next(*expected)
                if frame is None:
                    part = rest[:min(size, window)]
                    self._send(FrameType.DATA, {}, part)
                    rest, window = rest[len(part):], window - len(part)
                elif frame.type == FrameType.CANCEL:
                    return
                else:
                    window += frame.head.get("bytes", 0)
            chunk = source.read(size)
        self._send(FrameType.END, {"sha256": digest.digest()})

    def _give_credit(self, untaken: int) -> int:
        if untaken < LIMITS["streamWindowBytes"] // 2:
            return untaken
        self._send(FrameType.CREDIT, {"bytes": untaken})
        return 0

    # -- requests --

    def _ready(self) -> None:
        """Take what came while the program was idle; connect anew if the connection was lost."""
        with suppress(TorcError):
            while not self._closed and (frame := self._receive(0)):
                self._take_stray(frame)
        if self._closed:
            self._connect()

    @contextmanager
    def _request(self, kind: int, op: str, fields: Head, body: bytes | None = None) -> Iterator[None]:
        """Send a request. If the block is left before the answer is complete, CANCEL it."""
        if self._open:
            raise RuntimeError("another request is under way; use up or close its iterator first")
        self._ready()
        self._number, self._open = self._number + 2, True
        try:
            self._send(kind, {"op": op, "timeoutMs": max(1, round(self._timeout * 1000)), **fields}, body)
            yield
        finally:
            if self._open:
                with suppress(TorcError):
                    self._send(FrameType.CANCEL, {})
            self._open = False

    def _send(self, kind: int, head: Head, body: bytes | memoryview | None = None) -> None:
        self._send_frame(kind, self._number, head, body)
        self._deadline = time.monotonic() + self._timeout + GRACE_SECONDS

    def _next(self, *expected: FrameType) -> Frame:
        """The request's next frame, before the deadline."""
        if frame := self._poll(*expected, deadline=self._deadline):
            return frame
        raise TorcError(ErrorCode.TIMEOUT, f"no answer within {self._timeout:g} s", "Retry, or allow more time.")

    def _poll(self, *expected: FrameType, deadline: float = 0) -> Frame | None:
        """The request's next frame, or None when none came until the deadline."""
        while (frame := self._receive(deadline)) and frame.stream != self._number:
            self._take_stray(frame)
        if frame is None:
            return None
        self._deadline = time.monotonic() + self._timeout + GRACE_SECONDS
        more = {FrameType.RESULT: bool(frame.head.get("stream")), FrameType.FETCH_RESP: not frame.head.get("end"),
                FrameType.END: False, FrameType.ERROR: False}
        self._open = more.get(frame.type, True)
        if frame.type == FrameType.ERROR:
            raise TorcError.of(frame)
        return frame if frame.type in expected else self._fail(f"an unexpected frame of type {frame.type}")

    def _take_stray(self, frame: Frame) -> None:
        """A frame of the connection itself, or of a request that is over."""
        if frame.stream == 0 and frame.type == FrameType.PING:
            self._send_frame(FrameType.PONG, 0, {})
        elif frame.stream == 0 and frame.type == FrameType.ERROR:
            self.close()
            raise TorcError.of(frame)
        elif frame.stream > self._number or frame.stream % 2 == 0:
            self._fail(f"a frame of type {frame.type} on stream {frame.stream}, which nobody opened")

    # -- connection --

    def _connect(self) -> None:
        """Connect, prove the secret to the server and have it prove the same."""
        self._number, self._open, self._deadline = -1, False, 0.0  # the newest request; whether it is under way
        self._buffer, self._frame_max = bytearray(), HANDSHAKE_FRAME_MAX
        try:
            self._socket = socket.create_connection(self._address, self._timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, UnicodeError) as error:
            host, port = self._address
            raise TorcError(ErrorCode.UNREACHABLE, f"no connection to {host}:{port}: {error}",
                            "Is the server running?") from error
        self._closed = False
        try:
            self._shake_hands(self._credentials.secret_key.encode("utf-8"))
        except BaseException:
            self.close()
            raise
        self._frame_max = LIMITS["frameBytesMax"]

    def _shake_hands(self, secret: bytes) -> None:
        def expect(kind: int) -> Frame:
            frame = self._receive(deadline) or self._fail("the server did not shake hands", ErrorCode.TIMEOUT)
            if frame.type == FrameType.ERROR:
                raise TorcError.of(frame)
            return frame if frame.type == kind else self._fail(f"a frame of type {frame.type} in the handshake")

        def proof(side: bytes) -> bytes:
            return hmac.digest(secret, b"torc/1 " + side + b"\0" + mine + theirs.raw, "sha256")

        deadline = time.monotonic() + HANDSHAKE_SECONDS
        mine = self._send_frame(FrameType.HELLO, 0, {
            "protocolMin": 1, "protocolMax": 1, "role": "client", "id": self._credentials.access_key, "name": "",
            "address": "", "clusterId": "", "nonce": os.urandom(32), "features": [], "limits": LIMITS})
        theirs = expect(FrameType.HELLO)
        self._limits = theirs.head.get("limits")
        if theirs.head.get("protocolMin") != 1 or theirs.head.get("role") != "server" \
                or not isinstance(self._limits, dict) or not LIMITS.keys() <= self._limits.keys():
            self._fail("the peer is no server that speaks version 1 of the protocol")
        self._send_frame(FrameType.WELCOME, 0, {"proof": proof(b"initiator")})
        if expect(FrameType.WELCOME).head.get("proof") != proof(b"acceptor"):
            self._fail("the peer does not know the secret: it is not the server", ErrorCode.DENIED)

    def _fail(self, message: str, code: int = ErrorCode.PROTOCOL) -> NoReturn:
        self.close()
        raise TorcError(code, message)

    def _send_frame(self, kind: int, stream: int, head: Head, body: bytes | memoryview | None = None) -> bytes:
        payload = pack([kind, stream, head] if body is None else [kind, stream, head, body])
        frame = struct.pack(">I", len(payload)) + payload
        try:
            self._socket.settimeout(self._timeout)
            self._socket.sendall(frame)
        except OSError as error:
            self._fail(f"the connection was lost: {error}", ErrorCode.UNAVAILABLE)
        return frame

    def _receive(self, deadline: float) -> Frame | None:
        """The next frame, or None when none is complete at the deadline. 0 takes what is there, without waiting."""
        if not self._fill(4, deadline):
            return None
        end = 4 + int.from_bytes(self._buffer[:4], "big")
        if not 8 <= end <= 4 + self._frame_max:
            self._fail(f"a frame of {end - 4} bytes")
        if not self._fill(end, deadline):
            return None
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        with suppress(ValueError):
            match unpack(raw[4:]):
                case [int(kind), int(stream), dict(head)]:
                    return Frame(kind, stream, head, None, raw)
                case [int(kind), int(stream), dict(head), bytes(body)]:
                    return Frame(kind, stream, head, body, raw)
        self._fail("a malformed frame")

    def _fill(self, count: int, deadline: float) -> bool:
        """Read until `count` bytes are there; False when the deadline comes first."""
        while len(self._buffer) < count:
            try:
                self._socket.settimeout(max(0.0, deadline - time.monotonic()))
                chunk = self._socket.recv(1 << 18)
            except (TimeoutError, BlockingIOError):
                return False
            except OSError as error:
                self._fail(f"the connection was lost: {error}", ErrorCode.UNAVAILABLE)
            if not chunk:
                self._fail("the server closed the connection", ErrorCode.UNAVAILABLE)
            self._buffer += chunk
        return True


# ---- Cutting bodies into blocks ----

FIXED_BYTES, BLOCK_MIN, BLOCK_NORMAL, BLOCK_MAX, WORD = 1 << 20, 655_360, 786_432, 2_097_152, 0xFFFF_FFFF


def cut_fixed(source: BinaryIO) -> Iterator[bytes]:
    while block := source.read(FIXED_BYTES):
        yield block


def _gear(byte: int) -> int:
    x = 0x746F7263 + (byte + 1) * 0x9E3779B9 & WORD
    x = (x ^ x >> 16) * 0x85EBCA6B & WORD
    x = (x ^ x >> 13) * 0xC2B2AE35 & WORD
    return x ^ x >> 16


GEAR = [_gear(byte) for byte in range(256)]


def _end_of_block(data: bytes) -> int:
    """Where the first block of `data` ends."""
    h = 0
    for at in range(BLOCK_MIN - 32, min(len(data), BLOCK_MAX)):
        h = (h << 1) + GEAR[data[at]] & WORD
        if at + 1 >= BLOCK_MIN and h >> (12 if at + 1 <= BLOCK_NORMAL else 14) == 0:
            return at + 1
    return min(len(data), BLOCK_MAX)


def cut_by_content(source: BinaryIO) -> Iterator[bytes]:
    data = b""
    while data := data + source.read(BLOCK_MAX - len(data)):
        end = _end_of_block(data)
        yield data[:end]
        data = data[end:]


# ---- Command line ----


def _download(client: TorcClient, bucket: str, key: str, file: str) -> None:
    """Get into a temporary file beside `file`, so that `file` is never incomplete."""
    temporary = Path(f"{file}.{os.getpid()}.part")
    try:
        with temporary.open("xb") as target:
            client.get_into(bucket, key, target)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _run(client: TorcClient, command: str, path: str, file: str) -> None:
    bucket, _, key = path.partition("/")
    if command == "get":
        _download(client, bucket, key, file)
    elif command == "rm":
        client.delete(bucket, key)
    elif command == "mb":
        client.make_bucket(path)
    elif command == "ls":
        for entry in client.list(bucket, key):
            print(entry["size"], entry["key"], sep="\t")
    elif command == "fetch":
        for page in client.fetch(path):
            for item in page["items"]:
                print(item["key"], item["versionId"], item["size"], ",".join(item["agents"]), sep="\t")
            if page.get("missing"):
                raise TorcError(ErrorCode.PARTIAL, f"{len(page['missing'])} partitions did not answer in full")
    elif command == "put-by-hash":
        with open(file, "rb") as source:
            answer = client.put_by_hash(bucket, key, source)
        print(key, answer["versionId"], answer["size"], answer["sentBytes"], sep="\t")
    else:
        with open(file, "rb") as source:
            answer = client.put(bucket, key, source) if command == "put" else client.post(path, source)
        print(answer.get("key", key), answer["versionId"], answer["size"], sep="\t")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default=f"127.0.0.1:{DEFAULT_PORT}", metavar="HOST:PORT")
    parser.add_argument("--credentials", required=True, metavar="FILE")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    commands = parser.add_subparsers(dest="command", required=True)
    for usage in ("put BUCKET/KEY FILE", "put-by-hash BUCKET/KEY FILE", "get BUCKET/KEY FILE", "ls BUCKET[/PREFIX]",
                  "rm BUCKET/KEY", "mb BUCKET", "post BUCKET FILE", "fetch BUCKET"):
        name, *operands = usage.split()
        command = commands.add_parser(name)
        for dest, metavar in zip(("path", "file"), operands):
            command.add_argument(dest, metavar=metavar)
    try:
        options = parser.parse_args()
        with TorcClient(options.server, Credentials.load(options.credentials), options.timeout) as client:
            _run(client, options.command, options.path, getattr(options, "file", ""))
        sys.stdout.flush()
    except SystemExit as end:  # argparse has told what is wrong
        return 1 if end.code else 0
    except (TorcError, OSError, UnicodeError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
