"""Says what each revision of a file changed, by pyHanko's own rules, without asking them anything twice.

- What a plain step did is found out once for all revisions before it (`signing.steps`): what signing itself adds.
- Any other comparison is made once, whoever asks: an earlier signature, its locks, a signer's proof.
- Fields are compared only when the newer revision touched them, or when both revisions do not have them alike.

The verdicts are pyHanko's: `tests/signing/test_revisions.py` holds them against each other.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, cast

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.commons import compare_dicts, compare_key_refs, qualify_transforming
from pyhanko.sign.diff_analysis.form_rules_api import (
    FieldComparisonContext,
    FieldComparisonSpec,
    FormUpdate,
    FormUpdatingRule,
)
from pyhanko.sign.diff_analysis.rules_api import Context
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from signing.revisions import Form, Reader, View


class _FormRule(FormUpdatingRule):
    """pyHanko's rule for forms, asked only about fields that can have changed.

    A signature field that both revisions name alike, and of which the newer one wrote nothing that the rules look at,
    is what it was when the older revision was compared with the one before: what can be said of it was said then.
    """

    def __init__(self) -> None:
        super().__init__(DEFAULT_DIFF_POLICY.form_rule.field_rules)  # type: ignore[union-attr]
        self.updates: list[FormUpdate] = []

    def apply(  # type: ignore[override]
        self, old: View, new: View
    ) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        """See FormUpdatingRule."""
        self.updates = []
        for level, update in self._apply(old, new):
            self.updates.append(update)
            yield level, update

    def _apply(self, old: View, new: View) -> Iterator[tuple[ModificationLevel, FormUpdate]]:
        if old.form is None or new.form is None:
            yield from super().apply(old, new)
            return
        # as in FormUpdatingRule.apply
        before, after = yield from _key("/AcroForm", old, old.root, new.root, "/AcroForm")
        compare_dicts(before, after, self.ignored_acroform_keys)
        yield from _key("/Fields", old, before, after, "/AcroForm", "/Fields")
        _, resources = yield from _key(
            "/DR", old, before, after, "/AcroForm", "/DR", level=ModificationLevel.FORM_FILLING
        )
        if resources is not None:
            for ref in new.collect_dependencies(resources, since_revision=old.revision + 1):
                yield ModificationLevel.FORM_FILLING, FormUpdate(ref)
        context = FieldComparisonContext(field_specs=dict(_changed(old.form, new.form)), old=old, new=new)
        for rule in self.field_rules:
            yield from rule.apply(context)


def _key(
    key: str,
    old: View,
    before: Any,
    after: Any,
    *path: str,
    level: ModificationLevel = ModificationLevel.LTA_UPDATES,
) -> Any:
    context = Context.from_absolute(old, RawPdfPath("/Root", *path))
    return (
        yield from qualify_transforming(
            level,
            compare_key_refs(key, old, before, after),
            transform=FormUpdate.curry_ref(field_name=None, context_checked=context),
        )
    )


def _changed(old: Form, new: Form) -> Iterator[tuple[str, FieldComparisonSpec]]:
    """The fields to compare. Raises SuspiciousModification for one whose type was changed."""
    unlike = {name for name, _ in old.alike.items() ^ new.alike.items()}
    for name in unlike | new.touched | old.others | new.others:
        before, after = old.specs.get(name), new.specs.get(name)
        if before and after and before.field_type != after.field_type:
            raise SuspiciousModification(f"Update changed field type of {name}")
        yield (
            name,
            FieldComparisonSpec(
                field_type=(before or after).field_type,  # type: ignore[union-attr]
                old_field_ref=before.old_field_ref if before else None,
                new_field_ref=after.new_field_ref if after else None,
                old_canonical_path=before.old_canonical_path if before else None,
            ),
        )


class Changes(StandardDiffPolicy):
    """pyHanko's default policy for one file, read by `Reader`. What plain steps did is found out once for all earlier
    revisions (`signing.steps`); each other pair of revisions is compared once.

    Of a revision, later ones must be compared in their order, and not beyond the first that is refused, as
    `review_file` does.
    """

    def __init__(self) -> None:
        super().__init__(DEFAULT_DIFF_POLICY.global_rules, _FormRule())  # type: ignore[attr-defined]
        self._known: dict[
            tuple[int, int], tuple[DiffResult | SuspiciousModification, frozenset[str], bool]
        ] = {}

    def review_file(
        self,
        reader: Reader,  # type: ignore[override]
        base_revision: int | HistoricalResolver,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,
    ) -> DiffResult | SuspiciousModification:
        """See StandardDiffPolicy."""
        base = base_revision if isinstance(base_revision, int) else base_revision.revision
        try:
            return self.since(reader, base, reader.total_revisions - 1, field_mdp_spec, doc_mdp)
        except SuspiciousModification as refused:
            return refused

    def since(
        self,
        reader: Reader,
        old: int,
        new: int,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,
    ) -> DiffResult:
        """What the revisions after one up to another did together. Raises SuspiciousModification."""
        steps = reader.steps.between(old, new)
        if steps is None:
            before = reader.get_historical_resolver(old)
            found = [
                self.apply(before, reader.get_historical_resolver(number), field_mdp_spec, doc_mdp)
                for number in range(old + 1, new + 1)
            ]
            level = max((one.modification_level for one in found), default=ModificationLevel.NONE)
            return DiffResult(level, {name for one in found for name in one.changed_form_fields})
        fields = {name for step in steps for name in step.fields}
        _refuse_locked(fields, field_mdp_spec)
        return DiffResult(max((step.level for step in steps), default=ModificationLevel.NONE), fields)

    def apply(
        self,
        old: HistoricalResolver,
        new: HistoricalResolver,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,
    ) -> DiffResult:
        """See StandardDiffPolicy."""
        pair = old.revision, new.revision
        if pair not in self._known:
            if steps := cast(Reader, new.reader).steps.between(*pair):
                result = DiffResult(steps[-1].level, set(steps[-1].fields))
                self._known[pair] = result, steps[-1].fields, False
            else:
                try:
                    self._known[pair] = self._compare(old, new)
                except (PdfError, LookupError, ValueError):  # a bent file: let pyHanko name what is wrong
                    return DEFAULT_DIFF_POLICY.apply(old, new, field_mdp_spec, doc_mdp)
        found, fields, never_certified = self._known[pair]
        if isinstance(found, SuspiciousModification):
            raise found
        _refuse_locked(fields, field_mdp_spec)
        if doc_mdp is not None and never_certified:
            raise SuspiciousModification("Something is only allowed after an approval signature.")
        return found

    def _compare(
        self, old: HistoricalResolver, new: HistoricalResolver
    ) -> tuple[DiffResult | SuspiciousModification, frozenset[str], bool]:
        try:
            found: DiffResult | SuspiciousModification = super().apply(old, new)
        except SuspiciousModification as refused:
            found = refused
        updates = self.form_rule.updates  # type: ignore[union-attr]
        fields = {u.field_name for u in updates if u.field_name is not None and not u.valid_when_locked}
        return found, frozenset(fields), not all(u.valid_when_certifying for u in updates)


def _refuse_locked(fields: Collection[str], lock: FieldMDPSpec | None) -> None:
    if lock is not None and any(map(lock.is_locked, fields)):
        raise SuspiciousModification(f"One of the fields {sorted(fields)} is locked.")
