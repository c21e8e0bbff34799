"""The loop that makes persons and their claims from whole-number tables: no floating point, nothing but the counter.

Clusters of 60 persons hold households of fixed sizes. Where a person's numbers come from depends on the seed, the
person's number and the tables; a household is drawn whole even if only some of its members are asked for.

All tables lie in one flat array `t`, whose head holds where each begins (`layout.TABLES`): a call inside the loop then
hands over one array, which costs nothing, instead of forty, which costs more than the work.
"""

from __future__ import annotations

from openyibao.lab import layout
from openyibao.lab import philox as random_words
from openyibao.lab.layout import TABLES, Columns, People, Room, Whole
from openyibao.lab.philox import philox
from openyibao.settlement.compiled import uncounted, written_with

WORD = 0xFFFFFFFF
CLUSTER = 60
PERSON, HOUSEHOLD, COUNTS, PREVALENCE, EVENT = 1, 2, 3, 4, 5
TURN_1, TURN_2 = 3242174889, 2447445413
"""2^32 times 1/g and 1/g^2 where g^3 = g + 1: two rotations that fill the square evenly (Roberts 2018)."""
ZERO, CELL_BITS, CELLS, CELL_MASK = 8 << 20, 15, 512, 32767
"""Of curves, see `quantiles`."""
BIN_BITS, BINS = 17, 128
"""Grades are chosen by bins of severity, 1/8 wide."""
FRAILTIES = 208
GRADES = 4

SCORE, FIRST, SIZE, ROLE, URBAN_BELOW = (TABLES.index(n) for n in ("score", "first", "size", "role", "urban_below"))
TIER_BELOW, AGE_BELOW, AGE_LOW = (TABLES.index(n) for n in ("tier_below", "age_below", "age_low"))
AGE_WIDTH, MEN_BELOW = (TABLES.index(n) for n in ("age_width", "men_below"))
FRAILTY_SCORE, MEAN_SCORE, INCOME_MIX = (TABLES.index(n) for n in ("frailty_score", "mean_score", "income_mix"))
QUINTILE_SCORE, CLASS_BELOW, INCOME = (TABLES.index(n) for n in ("quintile_score", "class_below", "income"))
STREAM, RATE_ROW, ROW_START, GUIDE = (TABLES.index(n) for n in ("stream", "rate_row", "row_start", "guide"))
THRESHOLDS, PREVALENT = (TABLES.index(n) for n in ("thresholds", "prevalence"))
PREVALENCE_MIX, PREVALENCE_SCORE = (TABLES.index(n) for n in ("prevalence_mix", "prevalence_score"))
SEVERITY_MIX, CHOICES, GRADE_BELOW = (TABLES.index(n) for n in ("severity_mix", "grades", "grade_below"))
GRADE_CODE, COST, COST_BY_AGE = (TABLES.index(n) for n in ("grade_code", "cost", "cost_by_age"))
SCOPE, LOGISTIC, REST, STAY = (TABLES.index(n) for n in ("scope", "logistic", "rest", "stay"))
DAYS, DAYS_MIX, DATES = (TABLES.index(n) for n in ("days", "days_mix", "dates"))
HOUSEHOLDS, TIERS, AGES, CLASSES, KINDS, YEAR_DAYS = (len(TABLES) + place for place in range(6))
"""Places in the head of `t`: of tables, where they begin; behind them, how many there are of some things."""


kept_by = written_with(layout, random_words)


@uncounted
@kept_by
def score_of(t: Whole, word: int) -> int:
    """The normal score of a word, in units of 2^-20."""
    upper = -(word >> 31)
    v = (word ^ upper) & 0x7FFFFFFF
    shift = 21
    while shift > 0 and v < (64 << shift):
        shift -= 1
    cell = t[SCORE] + shift * 64 + (v >> shift)
    low = t[cell]
    z = low + (((t[cell + 1] - low) * (v & ((1 << shift) - 1))) >> shift)
    return int((z ^ upper) - upper)


@uncounted
@kept_by
def along(t: Whole, curve: int, z: int) -> int:
    """The value of the curve that begins at a place, at a score."""
    x = min(max(z + ZERO, 0), (CELLS << CELL_BITS) - 1)
    at = curve + (x >> CELL_BITS)
    low = t[at]
    return int(low + (((t[at + 1] - low) * (x & CELL_MASK)) >> CELL_BITS))


@uncounted
@kept_by
def chosen(t: Whole, row: int, width: int, word: int) -> int:
    """How many thresholds of the row that begins at a place are at or below the word."""
    found = 0
    while found < width - 1 and t[row + found] <= word:
        found += 1
    return found


@uncounted
@kept_by
def frailty_of(word: int) -> int:
    """The frailty class of a word: 16 an octave towards the top."""
    v = 0xFFFFFFFF - word
    shift = 27
    while shift > 16 and v < (16 << shift):
        shift -= 1
    return (27 - shift) * 16 + 31 - (v >> shift)


@uncounted
@kept_by
def count_of(t: Whole, row: int, word: int) -> int:
    """How many events a word means in a row of counts."""
    at = t[t[ROW_START] + row]
    found = t[t[GUIDE] + row * 16 + (word >> 28)]
    while word > t[t[THRESHOLDS] + at + found]:
        found += 1
    return int(found)


@uncounted
@kept_by
def members(t: Whole, start: int, size: int, key0: int, key1: int, words: Whole) -> int:
    """Draw all members of a household: words[member] = (class, age word, sex and age word). The sum of scores."""
    total = 0
    for member in range(size):
        person = start + member
        w0, w1, w2, _ = philox(person & WORD, person >> 32, 0, PERSON, key0, key1)
        frailty = frailty_of(w0)
        words[member, 0] = frailty
        words[member, 1] = w1
        words[member, 2] = w2
        total += t[t[FRAILTY_SCORE] + frailty]
    return total


@uncounted
@kept_by
def household_of(
    t: Whole, turns: tuple[int, int], start: int, size: int, total: int, key0: int, key1: int
) -> tuple[int, int, int, int, int]:
    """place, tier, quintile, assistance class and income score of a household."""
    place = 0 if turns[0] < t[t[URBAN_BELOW]] else 1
    tier = chosen(t, t[TIER_BELOW] + place * t[TIERS], t[TIERS], turns[1])
    w0, w1, _, _ = philox(start & WORD, start >> 32, 0, HOUSEHOLD, key0, key1)
    mean = (total * t[t[MEAN_SCORE] + size]) >> 20
    income = (t[t[INCOME_MIX]] * mean + t[t[INCOME_MIX] + 1] * score_of(t, w0)) >> 20
    quintile = 0
    while quintile < 4 and t[t[QUINTILE_SCORE] + quintile] <= income:
        quintile += 1
    class_ = chosen(t, t[CLASS_BELOW] + quintile * t[CLASSES], t[CLASSES], w1)
    return place, tier, quintile, class_, income


@uncounted
@kept_by
def age_of(t: Whole, role: int, age_word: int, word: int) -> tuple[int, int, int]:
    """Age group, age and sex of a member."""
    group = chosen(t, t[AGE_BELOW] + role * t[AGES], t[AGES], age_word)
    age = t[t[AGE_LOW] + group] + ((t[t[AGE_WIDTH] + group] * (word >> 16)) >> 16)
    sex = 0 if (word & 0xFFFF) < t[t[MEN_BELOW] + group] else 1
    return group, age, sex


@uncounted
@kept_by
def has_kind(t: Whole, kind: int, group: int, score: int, low: int, high: int, key0: int, key1: int) -> bool:
    """Whether a person has events of the kind at all; low, high: the person's part of the counter."""
    if t[t[PREVALENT] + kind] == 0:
        return True
    w0, _, _, _ = philox(low, high, 0, PREVALENCE, key0, key1)
    mix = t[PREVALENCE_MIX] + kind * 2
    z = (t[mix] * score + t[mix + 1] * score_of(t, w0)) >> 20
    return bool(z >= t[t[PREVALENCE_SCORE] + kind * t[AGES] + group])


@uncounted
@kept_by
def draw_events(
    t: Whole, person: int, group: int, profile: int, frailty: int, key0: int, key1: int, words: Whole, order: Whole
) -> int:
    """How many events a person has, and their words; `order` holds sorted keys whose low 12 bits are the row."""
    low, high = person & WORD, person >> 32
    score = t[t[FRAILTY_SCORE] + frailty]
    rows = 0
    block, c0, c1, c2, c3 = -1, 0, 0, 0, 0
    for kind in range(t[KINDS]):
        stream = t[t[STREAM] + kind]
        if stream >> 2 != block:
            block = stream >> 2
            c0, c1, c2, c3 = philox(low, high | (block << 16), 0, COUNTS, key0, key1)
        if not has_kind(t, kind, group, score, low, high | (stream << 16), key0, key1):
            continue
        place = stream & 3
        word = c0 if place == 0 else c1 if place == 1 else c2 if place == 2 else c3
        row = t[t[RATE_ROW] + (kind * t[AGES] * 4 + profile) * FRAILTIES + frailty]
        count = min(count_of(t, row, word), 4096 - rows)
        for event in range(count):
            draw_event(t, kind, event, low, high | (stream << 16), key0, key1, words, order, rows)
            rows += 1
    return rows


@uncounted
@kept_by
def draw_event(
    t: Whole, kind: int, event: int, low: int, high: int, key0: int, key1: int, words: Whole, order: Whole, row: int
) -> None:
    """One block of words for an event; its key (day, kind, event) is put in its place among those before."""
    w0, w1, w2, w3 = philox(low, high, event, EVENT, key0, key1)
    stay = t[t[STAY] + kind]
    spread = w2 * (t[YEAR_DAYS] - stay)
    words[row, 0] = w0
    words[row, 1] = w1
    words[row, 2] = spread & WORD
    words[row, 3] = w3
    key = (((((spread >> 32) + stay) << 8) | kind) << 24) | (event << 12) | row
    at = row
    while at > 0 and order[at - 1] > key:
        order[at] = order[at - 1]
        at -= 1
    order[at] = key


@uncounted
@kept_by
def grade_of(t: Whole, kind: int, place: int, severity: int, word: int) -> int:
    """Where an event is treated, by severity and residence."""
    severity_bin = min(max((severity + ZERO) >> BIN_BITS, 0), BINS - 1)
    row = t[GRADE_BELOW] + ((kind * 2 + place) * BINS + severity_bin) * (GRADES - 1)
    return chosen(t, row, t[t[CHOICES] + kind], word)


@uncounted
@kept_by
def days_of(t: Whole, kind: int, curve: int, severity: int, word: int, most: int) -> int:
    """The length of a stay in days, 1 to `most`."""
    mix = t[DAYS_MIX] + kind * 2
    z = (t[mix] * severity + t[mix + 1] * score_of(t, word)) >> 20
    return min(max(1, (along(t, t[DAYS] + curve * (CELLS + 1), z) + 512) >> 10), most)


@uncounted
@kept_by
def work_out(t: Whole, key: int, words: Whole, place: int, group: int, score: int, done: Whole, to: int) -> None:
    """All that a claim consists of, into done[to]: admission, discharge, five amounts, kind, grade, place of no use."""
    at = key & 0xFFF
    kind = (key >> 24) & 0xFF
    day = key >> 32
    mix = t[SEVERITY_MIX] + kind * 2
    severity = (t[mix] * score + t[mix + 1] * score_of(t, words[at, 0])) >> 20
    grade = grade_of(t, kind, place, severity, words[at, 3] >> 16)
    curve = kind * GRADES + grade
    cost = along(t, t[COST] + curve * (CELLS + 1), severity)
    cost = max(1, (cost * t[t[COST_BY_AGE] + kind * t[AGES] + group]) >> 16)
    scope = t[SCOPE] + curve * 3
    logit = t[scope] + ((t[scope + 1] * severity + t[scope + 2] * score_of(t, words[at, 1])) >> 20)
    in_scope = (cost * along(t, t[LOGISTIC], logit >> 1)) >> 24
    rest = cost - in_scope
    parts = t[REST] + kind * 3
    full = (rest * (t[parts] + ((t[parts + 1] * ((words[at, 3] & 0xFFFF) - 0x8000)) >> 16))) >> 16
    pre = ((rest - full) * t[parts + 2]) >> 16
    stayed = days_of(t, kind, curve, severity, words[at, 2], day) if t[t[STAY] + kind] else 0
    done[to, 0] = t[t[DATES] + day - stayed]
    done[to, 1] = t[t[DATES] + day]
    done[to, 2] = cost
    done[to, 3] = full
    done[to, 4] = rest - full - pre
    done[to, 5] = pre
    done[to, 6] = in_scope
    done[to, 7] = kind
    done[to, 8] = t[t[GRADE_CODE] + curve]


@uncounted
@kept_by
def make_claims(  # noqa: PLR0915 - to hand the columns to a function for each person would take longer than to fill them
    t: Whole, key0: int, key1: int, first: int, last: int, room: Room, out: Columns
) -> tuple[int, int]:
    """Claims of the persons first..last-1 into the columns: how many rows, and the person to go on with.

    Stops before a person whose claims would not fit; the columns must hold 4096 rows at least.
    """
    member_words, words, order, done = room.members, room.words, room.order, room.done
    turn0, turn1, _, _ = philox(0, 0, 0, 0, key0, key1)
    households = t[HOUSEHOLDS]
    row = 0
    for household in range(first // CLUSTER * households, (last + CLUSTER - 1) // CLUSTER * households):
        in_cluster = household % households
        start = household // households * CLUSTER + t[t[FIRST] + in_cluster]
        size = t[t[SIZE] + in_cluster]
        if start + size <= first or start >= last:
            continue
        total = members(t, start, size, key0, key1, member_words)
        turns = (turn0 + household * TURN_1) & WORD, (turn1 + household * TURN_2) & WORD
        place, tier, quintile, class_, _ = household_of(t, turns, start, size, total, key0, key1)
        for person in range(max(start, first), min(start + size, last)):
            member = person - start
            role = t[t[ROLE] + person % CLUSTER]
            group, age, sex = age_of(t, role, member_words[member, 1], member_words[member, 2])
            frailty = member_words[member, 0]
            profile = (group * 2 + sex) * 2 + place
            rows = draw_events(t, person, group, profile, frailty, key0, key1, words, order)
            if row + rows > len(out.person):
                return row, person
            score = t[t[FRAILTY_SCORE] + frailty]
            for number in range(rows):
                work_out(t, order[number], words, place, group, score, done, number)
            for number in range(rows):
                to = row + number
                out.person[to] = person
                out.number[to] = number
                out.admission[to] = done[number, 0]
                out.discharge[to] = done[number, 1]
                out.settlement[to] = done[number, 1]
                out.total[to] = done[number, 2]
                out.fully_self_paid[to] = done[number, 3]
                out.over_limit[to] = done[number, 4]
                out.pre_self_paid[to] = done[number, 5]
                out.in_scope[to] = done[number, 6]
                out.kind[to] = done[number, 7]
                out.grade[to] = done[number, 8]
                out.tier[to] = tier
                out.class_[to] = class_
                out.age[to] = age
                out.sex[to] = sex
                out.residence[to] = place
                out.quintile[to] = quintile
            row += rows
    return row, last


@uncounted
@kept_by
def make_people(t: Whole, key0: int, key1: int, first: int, last: int, room: Room, out: People) -> int:
    """The persons first..last-1 into the columns, which must hold them all."""
    words = room.members
    turn0, turn1, _, _ = philox(0, 0, 0, 0, key0, key1)
    households = t[HOUSEHOLDS]
    for household in range(first // CLUSTER * households, (last + CLUSTER - 1) // CLUSTER * households):
        in_cluster = household % households
        start = household // households * CLUSTER + t[t[FIRST] + in_cluster]
        size = t[t[SIZE] + in_cluster]
        if start + size <= first or start >= last:
            continue
        total = members(t, start, size, key0, key1, words)
        turns = (turn0 + household * TURN_1) & WORD, (turn1 + household * TURN_2) & WORD
        place, tier, quintile, class_, income = household_of(t, turns, start, size, total, key0, key1)
        for person in range(max(start, first), min(start + size, last)):
            to = person - first
            role = t[t[ROLE] + person % CLUSTER]
            _, age, sex = age_of(t, role, words[person - start, 1], words[person - start, 2])
            out.person[to] = person
            out.household[to] = household
            out.age[to] = age
            out.sex[to] = sex
            out.residence[to] = place
            out.tier[to] = tier
            out.class_[to] = class_
            out.quintile[to] = quintile
            out.role[to] = role
            out.frailty[to] = words[person - start, 0]
            out.income[to] = along(t, t[INCOME] + place * (CELLS + 1), income)
    return last - first
