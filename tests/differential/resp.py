"""An exact RESP2/RESP3 client: every wire type keeps its own Python type, so that two replies are equal only
when they would be equal to a client that looks closely (a null bulk is not a null array, a status is not a bulk).

Pipelined and blocking; knows nothing of commands. `Connection.exchange` sends a batch and reads up to a
marker, so that a batch whose bytes are the same on both servers never has to be parsed.
"""
import socket

READ_TIMEOUT_S = 20.0
READ_SIZE = 1 << 18


class NoReply(Exception):
    """The server closed the connection or stayed silent; `received` holds the bytes that came before."""

    def __init__(self, why, received=b""):
        super().__init__(why)
        self.received = received


class Status(bytes):
    pass


class Error(bytes):
    pass


class BigNumber(bytes):
    pass


class Verbatim(bytes):
    pass


class Double(float):
    pass


class Map(list):
    """Flat: key, value, key, value."""


class Set(list):
    pass


class Push(list):
    pass


class Attribute(list):
    """Flat pairs, then the reply they decorate."""


class Null:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


NULL_BULK = Null("(null bulk)")
NULL_ARRAY = Null("(null array)")
NULL3 = Null("(null)")


def encode(args):
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        parts.append(b"$%d\r\n%b\r\n" % (len(arg), arg))
    return b"".join(parts)


class Incomplete(Exception):
    pass


_AGGREGATES = {0x2A: list, 0x25: Map, 0x7E: Set, 0x3E: Push, 0x7C: Attribute}


def parse(data, at):
    """Returns (value, next offset) of the reply that begins at `at`; raises Incomplete."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise Incomplete()
    kind = data[at]
    head = data[at + 1:end]
    at = end + 2
    if kind == 0x24 or kind == 0x3D or kind == 0x21:  # $ = !
        size = int(head)
        if size < 0:
            return NULL_BULK, at
        if len(data) < at + size + 2:
            raise Incomplete()
        text = data[at:at + size]
        at += size + 2
        if kind == 0x24:
            return text, at
        return (Verbatim(text) if kind == 0x3D else Error(text)), at
    if kind == 0x3A:  # :
        return int(head), at
    if kind == 0x2B:  # +
        return Status(head), at
    if kind == 0x2D:  # -
        return Error(head), at
    if kind in _AGGREGATES:
        size = int(head)
        if size < 0:
            return NULL_ARRAY, at
        if kind == 0x25 or kind == 0x7C:
            size *= 2
        items = _AGGREGATES[kind]()
        for _ in range(size):
            item, at = parse(data, at)
            items.append(item)
        if kind == 0x7C:  # what the attribute decorates belongs to the same reply
            item, at = parse(data, at)
            items.append(item)
        return items, at
    if kind == 0x5F:  # _
        return NULL3, at
    if kind == 0x2C:  # ,
        return Double(head), at
    if kind == 0x23:  # #
        return head == b"t", at
    if kind == 0x28:  # (
        return BigNumber(head), at
    raise ValueError("not a RESP type: %r" % data[at - len(head) - 3:at + 40])


def parse_all(data):
    values, at = [], 0
    while at < len(data):
        value, at = parse(data, at)
        values.append(value)
    return values


class Connection:
    def __init__(self, port, protocol=2):
        self.socket = socket.create_connection(("127.0.0.1", port), READ_TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        if protocol == 3:
            self.call(b"HELLO", b"3")

    def send(self, *args):
        self.socket.sendall(encode(args))

    def send_raw(self, data):
        self.socket.sendall(data)

    def _receive(self, chunks=()):
        try:
            data = self.socket.recv(READ_SIZE)
        except socket.timeout:
            raise NoReply("no reply within %d s" % READ_TIMEOUT_S, b"".join(chunks))
        except OSError as error:
            raise NoReply("connection lost: %s" % error, b"".join(chunks))
        if not data:
            raise NoReply("connection closed", b"".join(chunks))
        return data

    def read(self):
        """The next reply, pushes included."""
        while True:
            if self.buffer:
                try:
                    value, at = parse(self.buffer, 0)
                    self.buffer = self.buffer[at:]
                    return value
                except Incomplete:
                    pass
            self.buffer += self._receive()

    def call(self, *args):
        self.send(*args)
        return self.read()

    def read_until(self, marker):
        """Everything up to and including the bytes `marker`, which must come last."""
        data = self.buffer
        self.buffer = b""
        if data.endswith(marker):
            return data
        chunks = [data]
        tail = data[-len(marker):]
        while True:
            chunk = self._receive(chunks)
            chunks.append(chunk)
            tail = (tail + chunk)[-len(marker):]
            if tail == marker:
                return b"".join(chunks)

    def read_to_end(self, marker):
        """Bytes until the peer closes or `marker` comes last; the second value says whether it closed."""
        try:
            return self.read_until(marker), False
        except NoReply as lost:
            if "closed" not in str(lost) and "lost" not in str(lost):
                raise
            return lost.received, True

    def close(self):
        self.socket.close()
