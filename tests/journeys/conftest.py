"""One platform and one browser a run; a failed journey shows what the processes said."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.journeys.platform import Platform, running

CHROMIUM = Path("/usr/bin/chromium-headless-shell")  # the whole browser draws a window nobody sees
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip
PLATFORM: pytest.StashKey[Platform] = pytest.StashKey()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where there is one, otherwise Playwright's own."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=str(CHROMIUM) if CHROMIUM.exists() else None, args=ARGUMENTS
        )
        yield found
        found.close()


@pytest.fixture(scope="session")
def _installation(postgres, browser, tmp_path_factory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("journeys")
    with running(folder, postgres.create_database("qibu_journeys"), browser) as found:
        yield found


@pytest.fixture
def platform(_installation, request) -> Iterator[Platform]:
    """The platform; every browser of the test is closed after it."""
    request.node.stash[PLATFORM] = _installation
    yield _installation
    _installation.open_doors.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed journey shows what the processes said and where the pictures are."""
    report = (yield).get_result()
    found = item.stash.get(PLATFORM, None)
    if found is not None and report.failed:
        for visitor in found.visitors:
            with suppress(Error):
                visitor.picture("failed")
        report.sections.append(("the platform's logs", found.processes.tails()))
        report.sections.append(("pictures", str(found.folder / "pictures")))
