"""Saving one field through HTTP, as the page does it when a field is left: `python -m benchmarks.saving_http`.

The portal under gunicorn as in the Procfile, one signed-in applicant, one request after the other; each changes a value.
"""

import json
import re
import time

import httpx

from benchmarks.names import own_platform, percentiles
from benchmarks.names_http import portal, prepare, processor_seconds

FIELDS = ("version", "base", "csrf_token")
TIMES = 400


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page or of a fragment."""
    inputs = re.findall(r'<input type="hidden"[^>]*>', page)
    pairs = ((re.search(r'name="([^"]*)"', i), re.search(r'value="([^"]*)"', i)) for i in inputs)
    return {n[1]: v[1] for n, v in pairs if n and v and n[1] in FIELDS}


def main() -> None:
    """Print the latencies in milliseconds, and the processor time of a request."""
    with own_platform() as (_url, _place):
        number, cookie = prepare()
        with portal(1) as (address, master), httpx.Client(headers={"Cookie": cookie}, timeout=60) as http:
            page = f"{address}/cases/{number}/application"
            form = http.get(page + "/capital").raise_for_status()
            http.headers["Cookie"] = form.headers.get("set-cookie", cookie).partition(";")[0]
            held = hidden(form.text)
            took: list[float] = []
            before = 0.0
            for turn in range(-20, TIMES):
                if turn == 0:
                    before, took = processor_seconds(master), []
                began = time.perf_counter()
                answer = http.post(
                    page + "/autosave?form=CapitalForm", headers={"HX-Request": "true"},
                    data=held | {"changed": "capital", "capital": str(100 + turn), "term": "long"},
                )  # fmt: skip
                took.append(time.perf_counter() - began)
                assert answer.status_code == 200 and 'data-state="saved"' in answer.text, answer.text[:400]
                held |= hidden(answer.text)
            used = processor_seconds(master) - before
    result = {
        "requests": TIMES,
        "ms": percentiles(took),
        "processor_ms_a_request": round(used / TIMES * 1000, 2),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
