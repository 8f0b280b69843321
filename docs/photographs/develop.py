#!/usr/bin/env python3
"""Renders the demo shop's photographs and writes them as JPEG and PNG files.

    develop.py [--draft] [NAME …]

Needs clang++ (or CXX) and Pillow. Negatives are kept in a scratch folder (NEGATIVES, by default
beside this script and ignored by git), so that a file can be encoded anew without rendering.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
SHELF = HERE.parent.parent / "Sources" / "CPorticoDemo" / "photographs"
NEGATIVES = Path(os.environ.get("NEGATIVES", HERE / "negatives"))

# name: width and height as seen, samples per pixel at most, and how the file is written. `turned` is the
# EXIF orientation under which a camera would have stored it; the pixels are turned the other way.
SHOTS = {
    "ball": (1200, 1200, 40, {"progressive": True}),
    "books": (1600, 1200, 48, {"progressive": True}),
    "bowl": (1600, 1200, 40, {"progressive": True}),
    "candle": (1000, 1000, 32, {"turned": 3}),
    "carafe": (1000, 1000, 80, {}),
    "clock": (640, 640, 96, {"png": "rgba"}),
    "globe": (1000, 1000, 32, {}),
    "lamp": (1000, 1000, 112, {}),
    "mug": (1600, 1200, 48, {}),
    "paperweight": (1000, 1000, 72, {}),
    "stool": (640, 640, 80, {"png": "palette"}),
    "vase": (1200, 1600, 40, {"turned": 6}),
}
# What undoes an orientation, so that applying it shows the picture upright.
UNTURN = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}


def build() -> Path:
    tool = NEGATIVES / "products"
    sources = [HERE / "products.cpp", HERE / "studio.hpp"]
    if not tool.exists() or any(s.stat().st_mtime > tool.stat().st_mtime for s in sources):
        subprocess.run(
            [os.environ.get("CXX", "clang++"), "-std=c++17", "-O3", "-march=native", "-ffast-math",
             "-fno-finite-math-only", "-pthread", str(sources[0]), "-o", str(tool)], check=True)
    return tool


def read(path: Path) -> Image.Image:
    data = path.read_bytes()
    start = data.index(b"ENDHDR\n") + 7
    width, height = (int(re.search(rb"%s (\d+)" % k, data[:start])[1]) for k in (b"WIDTH", b"HEIGHT"))
    return Image.frombytes("RGBA", (width, height), data[start:])


def develop(name: str, draft: bool) -> None:
    width, height, samples, how = SHOTS[name]
    if draft:
        width, height, samples = width // 4, height // 4, 24
    negative = NEGATIVES / f"{name}{'-draft' if draft else ''}.pam"
    if draft or not negative.exists():
        order = ["nice", "-n", "10", str(build()), name, str(width), str(height), str(samples),
                 str(negative) + ".part"]
        subprocess.run(order + (["cut"] if "png" in how else []), check=True)
        os.replace(str(negative) + ".part", negative)
    image = read(negative)
    shelf = NEGATIVES if draft else SHELF
    if how.get("png") == "palette":
        path = shelf / f"{name}.png"
        image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.FLOYDSTEINBERG).save(
            path, optimize=True)
    elif "png" in how:
        path = shelf / f"{name}.png"
        image.save(path, optimize=True)
    else:
        path = shelf / f"{name}.jpg"
        image = image.convert("RGB")
        exif = Image.Exif()
        if turned := how.get("turned"):
            image = image.transpose(UNTURN[turned])
            exif[0x0112] = turned
        image.save(path, quality=86, optimize=True, progressive=how.get("progressive", False),
                   exif=exif if turned else b"")
    print(f"{path.name} {image.width}x{image.height} {path.stat().st_size} bytes", flush=True)


def main() -> None:
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    NEGATIVES.mkdir(parents=True, exist_ok=True)
    SHELF.mkdir(parents=True, exist_ok=True)
    for name in names or SHOTS:
        develop(name, "--draft" in sys.argv)


if __name__ == "__main__":
    main()
