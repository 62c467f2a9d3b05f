"""The wire itself: inline commands and malformed requests, as raw bytes on fresh connections."""
from family import Family
from pair import RawBytes

INLINE = [b"PING\r\n", b"ping hello\n", b"SET s0 \"a b\\x41\\n\"\r\nGET s0\r\n", b"SET s0 'it\\'s'\r\nGET s0\r\n", b"\r\n\r\nPING\r\n", b"   PING   \r\n",
          b"SET s0 \"unbalanced\r\n", b"SET s0 \"a\"b\r\n", b"GET\r\n", b"nosuch a b\r\n", b"ECHO \"\"\r\n", b"\tPING\r\n", b"LPUSH l0 1 2 3\r\nDEL l0\r\n"]
BROKEN = [b"*1\r\n$4\r\nPING\r\n*0\r\n", b"*-1\r\n", b"*abc\r\n", b"*1\r\nPING\r\n", b"*1\r\n$abc\r\n", b"*1\r\n$-1\r\n", b"*2\r\n$4\r\nPING\r\n:1\r\n", b"*1048577\r\n",
          b"*99999999999999999999\r\n", b"*1\r\n$536870913\r\n", b"*1\r\n$99999999999999999999\r\n", b"*1\r\n$4\r\nPINGxx", b"*\r\n", b"*1\r\n\r\n",
          b"*1\r\n$0\r\n\r\n", b"*2\r\n$3\r\nGET\r\n$2\r\ns0\r\n", b"*1 \r\n", b"*01\r\n$4\r\nPING\r\n", b"*+1\r\n$4\r\nPING\r\n", b"*1\r\n$+4\r\nPING\r\n",
          b"$4\r\nPING\r\n", b":1\r\n", b"+PING\r\n", b"*1\r\n*1\r\n", b"*4\r\n$3\r\nSET\r\n$1\r\n\x00\r\n$2\r\n\r\n\r\n$2\r\nNX\r\n", b"*1\r\n$4\r\nQUIT\r\n",
          b"QUIT\r\nPING\r\n", b"*2\r\n$4\r\nQUIT\r\n$1\r\nx\r\n"]


def raw(generator):
    words = generator.words
    pieces = [words.pick(INLINE if words.random() < 0.5 else BROKEN) for _ in range(1 + int(words.random() * 2))]
    return [([b"".join(pieces)], RawBytes())]


FAMILY = Family("protocol", [], extra=raw, extra_covers=["PING", "QUIT"], extra_share=1.0, share=0.01)
