"""SQL fragments for the membership of units in repository versions, defined here only.

A row of `core_repositorycontent` has the version that added a unit to a repository, and the version
that removed it, if any. The row is called `rc` here, and these two versions `va` and `vr`. The
fragments are not in `queries/`, because the invariants of a new version need them.
"""


def ends_of(row: str = "rc") -> str:
    """Return the joins for the versions that added and removed the unit of a row."""
    return f"""
        JOIN core_repositoryversion va ON va.pulp_id = {row}.version_added_id
        LEFT JOIN core_repositoryversion vr ON vr.pulp_id = {row}.version_removed_id
    """


def is_in(number: str) -> str:
    """Return the condition that a row, joined by `ends_of`, is in the version of this number."""
    return f"va.number <= {number} AND (vr.number IS NULL OR vr.number > {number})"


def is_in_newest(repository: str, row: str = "rc") -> str:
    """Return the condition that a row is in the newest version of a repository.

    Only valid while other writers are locked out, or if an incomplete version may be read.
    """
    return f"{row}.repository_id = {repository} AND {row}.version_removed_id IS NULL"


def member_of(repository: str, number: str, *, unit: str = "unit") -> str:
    """Return the join that filters units to the members of the version of a number.

    An index should already narrow down the content table that it is joined to. The ends of a row are
    looked up, not joined: for each unit, a hash join would read all versions of small repositories.
    """
    added, removed = _number_of("version_added_id"), _number_of("version_removed_id")
    is_member = f"{added} <= {number} AND (rc.version_removed_id IS NULL OR {removed} > {number})"
    return _lateral(f"{unit}.content_ptr_id", f"rc.repository_id = {repository} AND {is_member}")


def member_of_newest(
    repository: str, *, unit: str = "unit", also: str = "", columns: str = "1"
) -> str:
    """Return the join that filters units to the members of a repository's newest version.

    The `columns` of their rows are in `member`.
    """
    which = " AND ".join(filter(None, (is_in_newest(repository), also)))
    return _lateral(f"{unit}.content_ptr_id", which, columns=columns)


def is_yanked(repository: str, number: str, *, of: str = "unit") -> str:
    """Return the condition that the version of a number has a yank mark for a row's crate version."""
    return f"""EXISTS (
        SELECT 1 FROM cargo_crateyank mark {member_of(repository, number, unit="mark")}
        WHERE mark.canonical_name = {of}.canonical_name AND mark.vers = {of}.vers
    )"""


def has_row(unit: str, which: str) -> str:
    """Return the condition that a unit has a row that meets `which`."""
    return f"EXISTS ({_rows_of(unit, which)})"


def _number_of(end: str) -> str:
    return f"(SELECT v.number FROM core_repositoryversion v WHERE v.pulp_id = rc.{end})"


def _lateral(unit: str, which: str, *, columns: str = "1") -> str:
    # The lateral join prevents the planner from starting with all members of the repository, as it
    # does while PostgreSQL has no statistics of new tables.
    rows = _rows_of(unit, which, columns=columns)
    return f"CROSS JOIN LATERAL ({rows} OFFSET 0) member"


def _rows_of(unit: str, which: str, *, columns: str = "1") -> str:
    return f"""
        SELECT {columns} FROM core_repositorycontent rc
        WHERE rc.content_id = {unit} AND {which}
    """
