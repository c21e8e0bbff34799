"""What a person is told when a history cannot be changed as asked, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable

from openyibao.policy.model import Bilingual
from openyibao.policy.values import money
from openyibao.policy.vocabulary import Vocabulary
from openyibao.settlement.bill_uses import period_text
from openyibao.settlement.claim import EMPTIED, UseKey

SAY: dict[str, tuple[str, str]] = {
    # a series
    "empty": ("未指定政策。", "no policy is named."),
    "twice": ("政策{first}指定了两次。请保留一个。", "policy {first} is named twice. Keep one of the two."),
    "mixed": (
        "政策{first}属于统筹区{first_region}、险种“{first_scheme}”，政策{second}属于统筹区{second_region}、"
        "险种“{second_scheme}”。一个政策序列只含一个统筹区的一个险种。",
        "policy {first} is of region {first_region}, scheme {first_scheme}; policy {second} is of region "
        "{second_region}, scheme {second_scheme}. A series holds one scheme of one region.",
    ),
    "overlap": (
        "政策{first}（自{first_start}起，{first_end}之前）与政策{second}（自{second_start}起，{second_end}之前）"
        "的施行期重叠。同一天只能有一个政策施行：请更正施行期，或只指定其中一个。",
        "policy {first} (from {first_start}, before {first_end}) and policy {second} (from {second_start}, before "
        "{second_end}) are in force on the same days. On a day one policy holds: correct the dates, or name one of "
        "them.",
    ),
    "several": (
        "“{name}”之下有多个统筹区或险种的政策：{found}。请指定其中一个序列。",
        "{name!r} holds policies of several regions or schemes: {found}. Name one of these series.",
    ),
    # the policy of a claim
    "uncovered": (
        "没有政策在该单据的日期施行（{dates}）。此前最近：{before}；此后最近：{after}。"
        "相邻政策不会代替适用：请补充当时施行的政策，或更正日期。",
        "no policy of the series is in force on the claim's date ({dates}). Nearest before: {before}; nearest after: "
        "{after}. A neighbour is never taken instead: add the policy in force then, or correct the date.",
    ),
    "ambiguous": (
        "政策{first}按{first_date}日期{first_day}适用，政策{second}按{second_date}日期{second_day}也适用。"
        "两者规则日期不同：请在政策文件中明确，或只指定其中一个。",
        "policy {first} covers the {first_date} date {first_day}, and policy {second} the {second_date} date "
        "{second_day}. Their rules go by different dates: say in the policy files which one holds, or name one of "
        "them.",
    ),
    "not insured": (
        "{what}日期{found}早于参保日期{enrolment}：当时尚未参保。如待遇可追溯，请填写追溯后的参保日期。",
        "the {what} date {found} lies before the enrolment {enrolment}: the person was not insured yet. "
        "If cover reaches back, state the day it reaches back to as the enrolment.",
    ),
    "gathered apart": (
        "“{service}”要汇总{first}以后的单据，其中{end}之前的由政策{before}结算，该政策留待汇总的项目与{policy}不同（或没有），"
        "汇总会漏计。请在两份政策中写明相同的汇总结算，或核对后另行办理。",
        "{service} gathers claims from {first} on; those before {end} were settled by {before}, which leaves other "
        "amounts to be gathered than {policy}, or none, so that some would be missed. Let both policies gather alike, "
        "or settle it by hand.",
    ),
    "parted": (
        "各政策划分年度或细分费用的规则不同，不能先按费用明细拆分再选政策。请把各年度的费用写成单独的单据，细分的写明金额。",
        "the policies part stays into benefit years, or cost into sub-parts, in different ways, so fee lines cannot be "
        "parted before their policy is known. Write the costs of each year as a claim of its own, and state sub-parts.",
    ),
    # a history
    "person": (
        "单据{claim}属于参保人{found}，而这是参保人{expected}的记录。",
        "claim {claim} is of person {found}; this is the history of {expected}.",
    ),
    "again": (
        "单据{claim}已于{time}结算。内容相同的不必再结；内容有变的请用重新结算（resettle）。",
        "claim {claim} was settled already, on {time}. The same claim need not be settled again; one that has changed "
        "is re-settled (resettle).",
    ),
    "unknown": (
        "没有单据{claim}（或已冲正）。现有：{found}。",
        "there is no claim {claim}, or it has been reversed. There are: {found}.",
    ),
    "whose": (
        "不止一名参保人有单据{claim}：{found}。请用 --person 指明参保人。",
        "several persons have a claim {claim}: {found}. Say whose with --person.",
    ),
    "nobody": ("没有参保人{person}的记录。", "there is no history of a person {person}."),
    "nothing": ("没有指定要更正或撤回的单据。", "no claim to take back or to correct is named."),
    "other id": (
        "更正后的单据编号是{found}，应为{claim}。",
        "the corrected claim has the id {found}; expected {claim}.",
    ),
    "in the way": (
        "单据{claim}不能直接冲正：其后有{count}笔结算读取或改变了它所增加的累计。\n{claims}\n"
        "有两种办法。一、由后往前逐笔冲正：{order}，然后冲正该单据。"
        "二、重新结算（resettle）：撤回该单据，其后受影响的各单据按原次序重新结算。两种办法都留下记录。",
        "claim {claim} cannot be reversed at once: {count} settled after it read or changed uses that it added to.\n"
        "{claims}\nThere are two ways. First: reverse from the last backwards ({order}), then this one. Second, "
        "`resettle`: the claim is taken back, and all later ones that depend on it are settled again in order. "
        "Both leave a trail.",
    ),
    "amended": (
        "单据{claim}原按政策{policy}（摘要{old}）结算，现在的政策是{found}（摘要{new}）。"
        "重新结算会改变与本次更正无关的结果：请改用原来的政策，或明确同意按现行文本重新结算。",
        "claim {claim} was settled under policy {policy} (digest {old}); the policy is now {found} (digest {new}). "
        "Settling again would change more than what is being corrected: use the policy as it was, or say that the "
        "text of today shall be used.",
    ),
    "failed": (
        "重新结算在单据{claim}处中止：{why}什么都没有改变。",
        "re-settling stopped at claim {claim}: {why} Nothing was changed.",
    ),
    "time": (
        "时间{found}没有时区或无法识别。请写成2026-08-01T10:00:00+08:00的形式。",
        "the time {found} has no zone, or is none. Write it like 2026-08-01T10:00:00+08:00.",
    ),
    # a state file
    "changed": (
        "{file}：内容与其摘要不符，文件被手工改动过或已损坏。请恢复原文件；确认改动无误的，用 --accept-changed 读入。",
        "{file}: its content is not what its digest says: it was changed by hand, or is damaged. Restore the file; "
        "if the change is right, say --accept-changed.",
    ),
    "meanwhile": (
        "{file}：读入之后已被其他程序改写，未保存。请重新执行。",
        "{file}: another program wrote it after it was read. Nothing was saved; run the command again.",
    ),
}


class HistoryError(ValueError):
    """Something that cannot be done. `kind` is a key of SAY; `text` says why in both languages."""

    def __init__(self, kind: str, text: Bilingual) -> None:
        self.kind, self.text = kind, text
        super().__init__(text.en)


def say(kind: str, **details: object) -> Bilingual:
    """The sentence of a kind, filled; a detail that is `Bilingual` is put in by its language."""

    def fill(template: str, lang: str) -> str:
        return template.format(
            **{name: getattr(value, lang) if isinstance(value, Bilingual) else value for name, value in details.items()}
        )

    zh, en = SAY[kind]
    return Bilingual(fill(zh, "zh"), fill(en, "en"))


def error(kind: str, **details: object) -> HistoryError:
    return HistoryError(kind, say(kind, **details))


def listed(texts: Iterable[Bilingual]) -> Bilingual:
    """Texts in one line, each language with its own comma."""
    texts = tuple(texts)
    return Bilingual("、".join(text.zh for text in texts), ", ".join(text.en for text in texts))


def word(text: str) -> Bilingual:
    """A word of the language of policies."""
    return Bilingual(Vocabulary().chinese(text), text)


OTHER_WORDS = {
    "earned": "每期额度",
    "episodes admitted": "已住院次数",
    "annual maximum of deductible per year": "起付线年度累计上限",
    "year": "年度",
    "open": "留待汇总",
    "day of discharge": "出院日",
    "emptied": "已汇总",
    "claim": "单据",
}
"""Words of uses that no policy writes."""
LEFT_IN = "left in "
FIRST_YEAR, MONTHS = 1900, 12


def key_text(key: UseKey, vocabulary: Vocabulary) -> Bilingual:
    """A use in words: `basic insurance / at most per year` of 2023 and, where kept so, of a disease.

    >>> key_text(("basic insurance / at most per month", 24_280), Vocabulary())
    Bilingual(zh='基本医疗保险 / 每月最高支付（2023-05）', en='basic insurance / at most per month (2023-05)')
    """
    group, *rest = key
    names = [name.removeprefix("group ") for name in str(group).split(" / ")]
    zh, en = " / ".join(_chinese(name, vocabulary) for name in names), " / ".join(names)
    where = [period_of(rest[0]), *(str(item) for item in rest[1:])] if rest else []
    where = [text for text in where if text]
    return Bilingual(
        zh + (f"（{'，'.join(vocabulary.chinese(text) for text in where)}）" if where else ""),
        en + (f" ({', '.join(where)})" if where else ""),
    )


def _chinese(name: str, vocabulary: Vocabulary) -> str:
    """A word of a use in Chinese: of the language, of a policy, of those that no policy writes."""
    if name.startswith(LEFT_IN):  # what a claim left open for another to gather
        return f"{vocabulary.chinese(name.removeprefix(LEFT_IN))}余额"
    return OTHER_WORDS.get(name) or vocabulary.chinese(name)


def use_text(key: UseKey, number: int) -> str:
    """How much a use is: yuan; of what only counts, the number; of where earning starts, the period.

    >>> use_text(("cap", 2023), 150_000), use_text(("episodes admitted", 2023), 2), use_text(("cap / earned", 2023), 1)
    ('1,500.00', '2', '0.00')
    """
    group = str(key[0])
    if group in ("episodes admitted", "admission number") or group.endswith(EMPTIED):
        return str(number)
    if group.startswith("first claim / "):
        return period_of(number)
    return money(number - 1 if group.endswith(" / earned") else number)  # kept as one fen more, so that 0 is none


def period_of(number: str | int) -> str:
    """The period of a use as people write it; a lifetime is nothing.

    Compiled policies number years as such, count quarters and months from the year 0, and put the day behind the
    month. From 1900 to 2999 the numbers of the four kinds do not meet.

    >>> period_of(2023), period_of(8093), period_of(24_280), period_of(2_428_031), period_of("E-7")
    ('2023', '2023-Q2', '2023-05', '2023-05-31', 'E-7')
    """
    if isinstance(number, str) or not number:
        return str(number or "")
    spans = {"quarter": 4, "month": MONTHS, "day": MONTHS * 100}
    kinds = [kind for kind, in_a_year in spans.items() if number >= FIRST_YEAR * in_a_year]
    return period_text(kinds[-1] if kinds else "year", number)
