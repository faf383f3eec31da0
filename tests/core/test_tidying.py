"""Objects that nothing names are deleted, and no others."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from workflow import objects, tidying
from workflow.case import Actor, record
from workflow.errors import NotFound
from workflow.establishment.models import Attachment, Upload
from workflow.settings import settings

LATER = datetime.now(UTC) + timedelta(days=8)


@pytest.fixture(autouse=True)
def instance(tmp_path, monkeypatch):
    monkeypatch.setenv("QIBU_INSTANCE", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_only_old_objects_that_no_row_names_go(db):
    case = factories.case(db)
    orphan, open_orphan = objects.put(b"orphan", personal=True), objects.put(b"open orphan")
    attached, told = objects.put(b"attached", personal=True), objects.put(b"told of in the history")
    removed = objects.put(b"removed, can come back", personal=True)
    for key, at in ((attached, None), (removed, LATER)):
        db.add(
            Attachment(
                case_id=case.id, kind="other", filename="a", content_type="application/pdf", size=1, key=key, source="desk", removed_at=at
            )
        )  # fmt: skip
    record(db, case, Actor.system(), "attach", detail={"deep": [{"hash": told}]})
    upload = Upload(case_id=case.id, kind="other", key_hash="0" * 64, filename="a", size=9)
    db.add(upload)
    db.flush()
    objects.put_piece(upload.id, 0, b"on its way")
    assert tidying.sweep_objects(db) == 0, "young ones may belong to work under way"
    assert tidying.sweep_objects(db, LATER) == 2
    for key in (orphan, open_orphan):
        with pytest.raises(NotFound):
            objects.get(key)
    assert [objects.get(key) for key in (attached, told, removed)]
    assert objects.get_piece(upload.id, 0) == b"on its way"
