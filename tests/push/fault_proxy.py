"""A proxy before a registry that does what networks and registries do.

Each request may be dropped before or after the registry sees it, answered
with an error, delayed, or cut in the middle of its body or of its answer; or
the connection stays open and nothing moves any more, from the start or in the
middle of an error.
What happens is drawn from the seed, the request and how often it came, so that
a seed does the same each time as far as the order of requests does not
matter.
"""
import asyncio
import email.utils
import random
import time

ERRORS = {
    401: ["WWW-Authenticate: {challenge}"],
    408: [],
    429: ["Retry-After: 0", "Retry-After: 1", "Retry-After: {date}", "Retry-After: soon"],
    500: [],
    502: [],
    503: ["Retry-After: 1"],
}
# Seconds for which nothing moves: longer than anybody waits.
STALL = 60
FAULTS = ["drop", "lose answer", "error", "delay", "cut body", "cut answer", "stall", "stall error"]


class FaultProxy:
    """Serves on a port of its own; `rate` of the requests get a fault."""

    def __init__(self, upstream, seed, rate, faults=FAULTS, challenge="", delay=0.3):
        self.upstream, self.seed, self.rate, self.faults = upstream, seed, rate, faults
        self.challenge, self.delay = challenge, delay
        self.seen, self.done, self.waited = {}, [], 0

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=256)
        return self.server.sockets[0].getsockname()[1]

    def close(self):
        self.server.close()

    def draw(self, line):
        """The fault of a request, None mostly, and the chance for its details."""
        key = " ".join(line.split()[:2]).split("?")[0]
        key = "/".join(key.split("/")[:-1]) if "/uploads/" in key else key
        count = self.seen[key] = self.seen.get(key, 0) + 1
        chance = random.Random(f"{self.seed} {key} {count}")
        return (chance.choice(self.faults) if chance.random() < self.rate else None), chance

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def one(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        line = head.split(b"\r\n")[0].decode()
        length = header(head, b"content-length")
        fault, chance = self.draw(line)
        if fault:
            self.done.append(fault)
        if fault == "delay":
            await asyncio.sleep(chance.random() * self.delay)
        if fault == "drop":
            return False
        if fault == "stall":
            await asyncio.sleep(STALL)
            return False
        if fault == "stall error":
            await copy(reader, None, length)
            writer.write(b'HTTP/1.1 500 Fault\r\nContent-Length: 100\r\n\r\n{"errors"')
            await writer.drain()
            await asyncio.sleep(STALL)
            # Who is still there would wait for ever.
            self.waited += not reader.at_eof()
            return False
        if fault == "error":
            return await self.refuse(reader, writer, length, chance)
        upstream_reader, upstream = await asyncio.open_connection(*self.upstream)
        try:
            upstream.write(head)
            await copy(reader, upstream, chance.randrange(length) if fault == "cut body" and length else length)
            if fault == "cut body" and length:
                return False
            answer = await upstream_reader.readuntil(b"\r\n\r\n")
            if fault == "lose answer":
                return False
            rest = 0 if line.startswith("HEAD") else header(answer, b"content-length")
            if fault == "cut answer":
                whole = answer + await upstream_reader.readexactly(rest)
                writer.write(whole[:chance.randrange(len(whole))])
                await writer.drain()
                return False
            writer.write(answer)
            await copy(upstream_reader, writer, rest)
            return True
        finally:
            upstream.close()

    async def refuse(self, reader, writer, length, chance):
        status = chance.choice(list(ERRORS))
        lines = ERRORS[status]
        extra = chance.choice(lines) if lines and chance.random() < 0.7 else ""
        extra = extra.format(challenge=self.challenge, date=email.utils.formatdate(time.time() + 1, usegmt=True))
        # Half of them read the body before, as some registries do.
        early = chance.random() < 0.5
        if not early:
            await copy(reader, None, length)
        writer.write(f"HTTP/1.1 {status} Fault\r\n{extra + chr(13) + chr(10) if extra else ''}Content-Length: 0\r\n"
                     f"{'Connection: close' + chr(13) + chr(10) if early else ''}\r\n".encode())
        await writer.drain()
        return not early


def header(head, name):
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return int(value)
    return 0


async def copy(reader, writer, count):
    while count > 0:
        piece = await reader.read(min(count, 65536))
        if not piece:
            raise EOFError
        count -= len(piece)
        if writer:
            writer.write(piece)
            await writer.drain()
    if writer:
        await writer.drain()
