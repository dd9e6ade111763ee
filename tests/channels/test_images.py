"""Pictures that customers send: pixels are kept, and nothing else."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, PngImagePlugin

from hotline.channels.images import Images

LYING, DESCRIPTION, GPS = 0x0112, 0x010E, 0x8825


def kept(folder: Path, data: bytes) -> bytes:
    images = Images(folder)
    path = images.path("web-c", images.keep("web-c", data))
    assert path is not None
    return path.read_bytes()


def test_of_a_photograph_nothing_is_kept_but_its_pixels_the_right_way_up(tmp_path: Path) -> None:
    about = Image.Exif()
    about[LYING], about[DESCRIPTION], about[GPS] = 6, "at home", {1: "N", 2: (31.0, 14.0, 0.0)}
    data = io.BytesIO()
    Image.new("RGB", (3000, 2000), "navy").save(data, "JPEG", exif=about, comment=b"by me", icc_profile=b"profile")
    found = kept(tmp_path, data.getvalue() + b"PK\x03\x04 and a file behind it")
    with Image.open(io.BytesIO(found)) as image:
        assert image.size == (1067, 1600)
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for secret in (b"at home", b"by me", b"profile", b"PK\x03\x04"):
        assert secret not in found


def test_of_a_screenshot_nothing_is_kept_but_its_pixels(tmp_path: Path) -> None:
    about = PngImagePlugin.PngInfo()
    about.add_text("Comment", "by me")
    data = io.BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 255, 128)).save(data, "PNG", pnginfo=about)
    assert b"by me" not in kept(tmp_path, data.getvalue())
