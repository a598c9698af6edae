"""Files that somebody made to do harm, and archives of all kinds: name, bytes, and what must come of them."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

from backports import zstd

MEGA = 1024 * 1024
BOMB = 200 * MEGA


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(*members: tuple[str | tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for one, content in members:
            info = tarfile.TarInfo(one) if isinstance(one, str) else one
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def _mode(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def _special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def _encrypted(content: bytes) -> bytes:
    """A zip whose one member says that it is encrypted."""
    raw = bytearray(zipped(("STK1.DAT", content)))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.index(signature) + at
        raw[place] |= 1
    return bytes(raw)


def _lying_directory(content: bytes) -> bytes:
    """A zip that states 65,000 entries."""
    raw = bytearray(zipped(("STK1.DAT", content)))
    struct.pack_into("<HH", raw, raw.rindex(b"PK\x05\x06") + 8, 65_000, 65_000)
    return bytes(raw)


def _lying_size(content: bytes) -> bytes:
    """A zip whose member states one byte and holds more."""
    raw = bytearray(zipped(("STK1.DAT", content)))
    struct.pack_into("<L", raw, raw.index(b"PK\x01\x02") + 24, 1)
    return bytes(raw)


def _gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(MEGA)) for _ in range(BOMB // MEGA)) + packer.flush()


def _zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("STK1.DAT", "w") as member:
        for _ in range(BOMB // MEGA):
            member.write(bytes(MEGA))
    return out.getvalue()


def _zstd_bomb() -> bytes:
    packer = zstd.ZstdCompressor()
    return b"".join(packer.compress(bytes(MEGA)) for _ in range(BOMB // MEGA)) + packer.flush()


def _tar_bomb() -> bytes:
    """200 MB of one member, and a header that states 8 GB."""
    info = tarfile.TarInfo("STK1.DAT")
    info.size = 8 * 1024 * MEGA - 1
    return info.tobuf() + bytes(MEGA)


def _long_header() -> bytes:
    """A tar whose first header is 40 MB of attributes."""
    info = tarfile.TarInfo("STK1.DAT")
    info.pax_headers = {"comment": "x" * 40 * MEGA}
    return info.tobuf(format=tarfile.PAX_FORMAT)


def _wide_zstd(content: bytes) -> bytes:
    """A frame that asks for 128 MB of memory."""
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    packer = zstd.ZstdCompressor(options=options)
    return packer.compress(content) + packer.flush()


def good_archives(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The same content, packed in every way that is read."""
    half = len(content) // 2
    tar = tarred(("STK1.DAT", content))
    yield "STK1.DAT.gz", gzip.compress(content)
    yield "STK2.DAT.gz", gzip.compress(content[:half]) + gzip.compress(content[half:])
    yield "STK3.DAT.zst", zstd.compress(content)
    yield "STK4.zip", zipped(("STK1.DAT", content))
    yield "STK5.zip", zipped((_mode("deep/", stat.S_IFDIR | 0o755), b""), ("deep/er/STK 1é.DAT", content))
    yield "STK6.tar", tar
    yield "STK7.tar.gz", gzip.compress(tar)
    yield "STK8.tgz", gzip.compress(tar)
    yield "STK9.tar.zst", zstd.compress(tar)


Case = tuple[str, Callable[[bytes], bytes], str]
HOSTILE: list[Case] = [
    ("cut.gz", lambda good: gzip.compress(good)[:-12], "archive"),
    ("cut-early.gz", lambda good: gzip.compress(good)[:5], "archive"),
    ("crc.gz", lambda good: gzip.compress(good)[:-8] + b"\0\0\0\0" + gzip.compress(good)[-4:], "archive"),
    ("not.gz", lambda good: good, "archive"),
    ("empty.gz", lambda good: b"", "empty"),
    ("rest.gz", lambda good: gzip.compress(good) + b"rest", "archive"),
    ("bomb.gz", lambda good: _gzip_bomb(), "too-large bomb"),
    ("bomb-in-bomb.gz.gz", lambda good: gzip.compress(_gzip_bomb()), "too-large bomb"),
    ("cut.zst", lambda good: zstd.compress(good)[:-5], "archive"),
    ("not.zst", lambda good: good, "archive"),
    ("bomb.zst", lambda good: _zstd_bomb(), "too-large bomb"),
    ("wide.zst", _wide_zstd, "archive"),
    ("not.zip", lambda good: good, "archive"),
    ("cut.zip", lambda good: zipped(("STK1.DAT", good))[:-30], "archive"),
    ("up.zip", lambda good: zipped(("../STK1.DAT", good)), "outside"),
    ("far-up.zip", lambda good: zipped(("a/../../../../tmp/STK1.DAT", good)), "outside"),
    ("root.zip", lambda good: zipped(("/tmp/STK1.DAT", good)), "outside"),
    ("backslash.zip", lambda good: zipped(("..\\STK1.DAT", good)), "member"),
    ("twice.zip", lambda good: zipped(("a/STK1.DAT", good), ("a//STK1.DAT", good)), "member"),
    ("link.zip", lambda good: zipped((_mode("STK1.DAT", stat.S_IFLNK | 0o777), b"/etc/passwd")), "link"),
    ("device.zip", lambda good: zipped((_mode("STK1.DAT", stat.S_IFCHR | 0o777), b"")), "link"),
    ("encrypted.zip", _encrypted, "encrypted"),
    ("many.zip", lambda good: zipped(*((f"{n}.DAT", b"x") for n in range(1001))), "members"),
    ("lying.zip", _lying_directory, "members archive"),
    ("size.zip", _lying_size, "archive"),
    ("bomb.zip", lambda good: _zip_bomb(), "too-large bomb"),
    ("up.tar", lambda good: tarred(("../STK1.DAT", good)), "outside"),
    ("root.tar", lambda good: tarred(("/tmp/STK1.DAT", good)), "outside"),
    ("symlink.tar", lambda good: tarred((_special("STK1.DAT", tarfile.SYMTYPE, "/etc/passwd"), b"")), "link"),
    ("hardlink.tar", lambda good: tarred((_special("STK1.DAT", tarfile.LNKTYPE, "/etc/passwd"), b"")), "link"),
    ("device.tar", lambda good: tarred((_special("STK1.DAT", tarfile.CHRTYPE), b"")), "link"),
    ("pipe.tar", lambda good: tarred((_special("STK1.DAT", tarfile.FIFOTYPE), b"")), "link"),
    ("many.tar", lambda good: tarred(*((f"{n}.DAT", b"x") for n in range(1001))), "members"),
    ("folders.tar", lambda good: tarred(*((_special(f"{n}/", tarfile.DIRTYPE), b"") for n in range(1001))), "members"),
    ("cut.tar", lambda good: tarred(("STK1.DAT", good * 50))[: 25 * len(good)], "archive"),
    ("long-header.tar", lambda good: _long_header(), "members"),
    ("not.tar", lambda good: b"x" * 2048, "archive"),
    ("bomb.tar", lambda good: _tar_bomb(), "too-large bomb archive"),
    ("sealed.gpg", lambda good: b"\x85\x01\x0c\x03" + good, "pgp"),
    ("nul.DAT", lambda good: bytes(20 * 50), "header trailer"),
    ("one-off.DAT", lambda good: good + b"\x40", "framing"),
    ("crlf.DAT", lambda good: good.replace(b"\x25", b"\r\n") + b"\r\n", "framing"),
    ("text.DAT", lambda good: "\uff14\uff14\uff17\uff11 NaN".encode() * 20, "framing header"),
    ("empty.DAT", lambda good: b"", "empty"),
    ("big.DAT", lambda good: bytes(65 * MEGA), "too-large"),
]
"""Each is refused whole, with one of these codes."""
