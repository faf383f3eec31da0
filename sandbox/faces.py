"""Drawn faces, one a person, and whether a frame shows one. No photograph of anybody is used."""

import colorsys
import functools
import io
import warnings

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps, ImageStat

SIZE = (480, 640)
THRESHOLD = 90.0  # own pictures, small and badly coded, score 97 and more; any two people at most 85
MAX_PIXELS = 40_000_000


class UnreadableFrame(ValueError):
    """The bytes are no JPEG or PNG picture of a usable size."""


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


@functools.lru_cache(maxsize=64)
def portrait(number: int, sex: str) -> bytes:
    """The PNG of person `number` (sex M or F); always the same."""
    hue = number * 0.618034
    back = _colour(hue, 0.25 + 0.1 * (number % 4), 0.95 - 0.12 * (number % 3))
    skin = _colour(0.07 + 0.008 * (number % 5), 0.28 + 0.05 * (number % 4), 0.97 - 0.06 * (number % 4))
    hair = (_colour(0.08, 0.5, 0.16), _colour(0.06, 0.6, 0.32), (112, 52, 30), (20, 20, 28))[number % 4]
    cloth = _colour(hue + 0.37 + 0.07 * (number % 3), 0.65, 0.35 + 0.15 * (number % 4))
    image = Image.new("RGB", SIZE, back)
    draw = ImageDraw.Draw(image)
    wide = 118 + 9 * (number % 4)
    if sex == "F" and number % 5 != 2:  # long hair, behind the head
        draw.rounded_rectangle(
            (240 - wide - 34, 170, 240 + wide + 34, 500 + 20 * (number % 3)), 90, fill=hair
        )
    draw.rounded_rectangle((40, 500, 440, 760), 110, fill=cloth)
    draw.polygon([(180, 500), (300, 500), (240, 560 + 20 * (number % 3))], fill=skin)
    draw.rectangle((200, 430, 280, 512), fill=skin)
    draw.ellipse((240 - wide, 150, 240 + wide, 470), fill=skin)
    top = 190 + 14 * (number % 4)
    draw.pieslice((240 - wide - 14, 110, 240 + wide + 14, 2 * top + 20), 180, 360, fill=hair)
    if sex == "F" and number % 5 == 2:
        draw.ellipse((190, 60, 290, 160), fill=hair)  # a bun
    if number % 5 == 4:
        draw.rectangle((240 - wide - 40, 196, 240 + wide + 40, 222), fill=cloth)  # a cap
        draw.pieslice((240 - wide - 4, 90, 240 + wide + 4, 330), 180, 360, fill=cloth)
    for x in (190, 290):
        draw.ellipse((x - 20, 292, x + 20, 322), fill="white")
        draw.ellipse((x - 11, 295, x + 11, 319), fill=(40, 30, 30))
        draw.arc((x - 32, 256, x + 32, 300), 200, 340, fill=hair, width=8)
    if number % 3 == 1:  # glasses
        for x in (190, 290):
            draw.rounded_rectangle((x - 40, 276, x + 40, 338), 14, outline=(30, 30, 40), width=7)
        draw.line((230, 300, 250, 300), fill=(30, 30, 40), width=7)
    draw.line((240, 320, 230, 368, 246, 370), fill=_colour(0.05, 0.4, 0.7), width=5)
    draw.arc((198, 360, 282, 426), 20, 160, fill=(176, 60, 60), width=9)
    if sex == "M" and number % 4 == 3:
        draw.pieslice((205, 408, 275, 478), 0, 180, fill=hair)  # a beard
    draw.text(
        (240, 612), f"FICTITIOUS No. {number}", fill="white", font=ImageFont.load_default(26), anchor="mm"
    )
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def read_frame(data: bytes) -> Image.Image:
    """A JPEG or PNG as RGB, turned upright. Raises UnreadableFrame."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
            if image.width * image.height > MAX_PIXELS or min(image.size) < 48:
                raise UnreadableFrame("size")
            return ImageOps.exif_transpose(image).convert("RGB")
    except UnreadableFrame:
        raise
    except Exception as error:  # Pillow raises many kinds for broken files
        raise UnreadableFrame(type(error).__name__) from error


def is_blank(image: Image.Image) -> bool:
    """Whether nothing can be seen: a covered lens, one flat colour."""
    return max(ImageStat.Stat(image.resize((64, 64))).stddev) < 6


def moved(one: Image.Image, other: Image.Image) -> bool:
    """Whether two pictures differ by more than coding: somebody moved between them."""
    pairs = (i.convert("L").resize((64, 64), Image.Resampling.BOX) for i in (one, other))
    return ImageChops.difference(*pairs).getextrema()[1] > 24


def _gradient(image: Image.Image) -> list[bool]:
    grey = image.convert("L").resize((17, 16), Image.Resampling.BOX).tobytes()
    return [grey[row * 17 + i] < grey[row * 17 + i + 1] for row in range(16) for i in range(16)]


def _alike(one: Image.Image, other: Image.Image) -> float:
    pairs = zip(
        one.resize((12, 16), Image.Resampling.BOX).tobytes(),
        other.resize((12, 16), Image.Resampling.BOX).tobytes(),
        strict=True,
    )
    colour = sum(abs(a - b) for a, b in pairs) / (12 * 16 * 3)
    edges = sum(a != b for a, b in zip(_gradient(one), _gradient(other), strict=True)) / 256
    return max(0.0, 100.0 - 1.6 * colour - 40.0 * max(0.0, edges - 0.15))


def likeness(frame: Image.Image, number: int, sex: str) -> float:
    """0 to 100: how much the frame is the picture of person `number`, whatever its size, coding and side bars."""
    own = Image.open(io.BytesIO(portrait(number, sex))).convert("RGB")
    views = (frame.resize(SIZE), ImageOps.fit(frame, SIZE))
    return round(max(_alike(view, own) for view in views), 1)
