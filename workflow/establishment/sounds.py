"""How a wording sounds: toneless syllables.

The phrases of the package would take 44 MB of every process. Read by their characters alone only few words of trade
come out wrong; these stand in `scope_readings.csv`.
"""

import os
from functools import lru_cache

from workflow.naming.facts import rows

os.environ["PYPINYIN_NO_PHRASES"] = "true"  # read by the package when it is imported
import pypinyin


@lru_cache(maxsize=1)
def _taught() -> None:
    """Teach the package the words that their characters do not tell."""
    readings = {row["word"]: [[s] for s in row["reading"].split()] for row in rows("scope_readings.csv")}
    pypinyin.load_phrases_dict(readings)


def spoken(text: str) -> list[str]:
    """The syllables of a text without tones; what has no reading stays as it is."""
    _taught()
    return pypinyin.lazy_pinyin(text)
