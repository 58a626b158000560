"""Which units a repository version holds, as pieces of SQL: the one place that has this join.

A row of `core_repositorycontent` says since which version a repository holds a unit, and which
version removed it, if one did. The row is `rc` here, and those two versions are `va` and `vr`. The
pieces are here and not in `queries/`, since what a new version may hold (`invariants`) needs them.
"""


def ends_of(row: str = "rc") -> str:
    """Return the joins that give a row the numbers of the versions where it begins and ends."""
    return f"""
        JOIN core_repositoryversion va ON va.pulp_id = {row}.version_added_id
        LEFT JOIN core_repositoryversion vr ON vr.pulp_id = {row}.version_removed_id
    """


def is_in(number: str) -> str:
    """Return the condition that a row with its ends is in the version of this number."""
    return f"va.number <= {number} AND (vr.number IS NULL OR vr.number > {number})"


def is_in_newest(repository: str, row: str = "rc") -> str:
    """Return the condition that a row is in the newest version of a repository.

    Only for whoever keeps other writers out, or may see what a task has not finished yet.
    """
    return f"{row}.repository_id = {repository} AND {row}.version_removed_id IS NULL"


def member_of(repository: str, number: str, *, unit: str = "unit") -> str:
    """Return the join that leaves the members of the version of a number.

    It is joined to a content table that an index has narrowed down.
    """
    which = f"rc.repository_id = {repository} AND {is_in(number)}"
    return _lateral(f"{unit}.content_ptr_id", which, joins=ends_of())


def member_of_newest(
    repository: str, *, unit: str = "unit", also: str = "", columns: str = "1"
) -> str:
    """Return the join that leaves the members of a repository's newest version.

    `columns` of their rows are in `member`.
    """
    which = " AND ".join(filter(None, (is_in_newest(repository), also)))
    return _lateral(f"{unit}.content_ptr_id", which, columns=columns)


def has_row(unit: str, which: str) -> str:
    """Return the condition that a unit has a row of which this is true."""
    return f"EXISTS ({_rows_of(unit, which)})"


def _lateral(unit: str, which: str, *, joins: str = "", columns: str = "1") -> str:
    # It keeps the planner from starting with all members of the repository, as it does while
    # PostgreSQL has no statistics of new tables.
    rows = _rows_of(unit, which, joins=joins, columns=columns)
    return f"CROSS JOIN LATERAL ({rows} OFFSET 0) member"


def _rows_of(unit: str, which: str, *, joins: str = "", columns: str = "1") -> str:
    return f"""
        SELECT {columns} FROM core_repositorycontent rc {joins}
        WHERE rc.content_id = {unit} AND {which}
    """
