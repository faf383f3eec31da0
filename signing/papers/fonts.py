"""The four faces of every paper: Noto Sans SC and Noto Serif SC, regular and bold, as static TrueType.

They come from the npm packages in `package.json` (OFL). `QIBU_FONTS` may name a folder with the same four files
for installations without `node_modules`. A character that a face lacks is taken from the other family; one that
no face has is printed as its code point, such as 〔U+2B7A9〕, so that nothing vanishes from a name unseen.
"""

import functools
import os
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PROJECT = Path(__file__).resolve().parents[2]
SANS, SANS_BOLD, SERIF, SERIF_BOLD = "QibuSans", "QibuSans-Bold", "QibuSerif", "QibuSerif-Bold"
_NAMES = {"sans": SANS, "sans-bold": SANS_BOLD, "serif": SERIF, "serif-bold": SERIF_BOLD}
_FILES = {
    "sans": "noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    "sans-bold": "noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf",
    "serif": "noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf",
    "serif-bold": "noto-serif-sc/700Bold/NotoSerifSC_700Bold.ttf",
}
_OTHER_FAMILY = {SANS: SERIF, SANS_BOLD: SERIF_BOLD, SERIF: SANS, SERIF_BOLD: SANS_BOLD}


def font_path(face: str) -> Path:
    """The TrueType file of a face: `sans`, `sans-bold`, `serif` or `serif-bold`.

    Raises `KeyError` for another face and `FileNotFoundError` when the fonts are not installed.
    """
    relative = Path(_FILES[face])
    folder = os.environ.get("QIBU_FONTS")
    path = (
        Path(folder) / relative.name if folder else PROJECT / "node_modules" / "@expo-google-fonts" / relative
    )
    if not path.is_file():
        raise FileNotFoundError(
            f"The font {relative.name} is missing; run `npm ci` or set QIBU_FONTS. Looked at {path}"
        )
    return path


@functools.lru_cache(maxsize=1)
def register() -> None:
    """Make the four faces known to reportlab, once a process (parsing them takes about 0.3 s)."""
    for face, name in _NAMES.items():
        pdfmetrics.registerFont(TTFont(name, str(font_path(face)), shapable=False))


@functools.lru_cache(maxsize=4)
def widths(font: str) -> dict[int, float]:
    """Advance widths of a registered face: code point to thousandths of an em. Only characters it has."""
    register()
    face = pdfmetrics.getFont(font).face
    return {code: face.charWidths.get(code, face.defaultWidth) for code in face.charToGlyph}


def has(font: str, char: str) -> bool:
    """Whether the face itself can print the character."""
    return ord(char) in widths(font)


def face_for(font: str, char: str) -> str | None:
    """The face that prints the character: this one, else the other family's, else None."""
    if has(font, char):
        return font
    other = _OTHER_FAMILY[font]
    return other if has(other, char) else None


def missing_characters(text: str) -> str:
    """The characters of a text that no face can print, each once; for a warning before papers are made."""
    return "".join(dict.fromkeys(c for c in text if not c.isspace() and face_for(SANS, c) is None))
