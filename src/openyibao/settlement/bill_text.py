"""A bill in words, Chinese or English, written from its data alone; every sentence exists once in each language.

Both texts are filled from the same values, so that they carry the same numbers.
"""

from __future__ import annotations

from typing import Any

from openyibao.policy.values import money

Data = dict[str, Any]

SAY: dict[str, tuple[str, str]] = {
    "title": ("结算单 {claim}　参保人 {person}", "Bill of claim {claim}, person {person}"),
    "policy": (
        "政策：{title}（{id}，施行期 {start} 起、{end} 之前）",
        "Policy: {title} ({id}, in force from {start}, before {end})",
    ),
    "dates": (
        "入院 {admission}，出院 {discharge}，结算 {settlement}。",
        "Admitted {admission}, discharged {discharge}, settled {settlement}.",
    ),
    "facts": ("情况：{facts}。", "Facts: {facts}."),
    "money": (
        "医疗费总额 {total} 元 = 全自费 {fully} + 超限价 {over} + 先行自付 {pre} + 符合政策范围 {scope}。",
        "Total {total} yuan = fully self-paid {fully} + over limit {over} + pre-self-paid {pre} + in scope {scope}.",
    ),
    "layer": ("【{number}】{layer}（支付方：{payer}）", "[{number}] {layer} (paid by: {payer})"),
    "not_applied": ("不适用：{why}。支付 {paid} 元。", "Does not apply: {why}. Pays {paid} yuan."),
    "why": ("{fact}为{value}，须为{accepts}", "{fact} is {value}, needed: {accepts}"),
    "take": ("计入{part} {taken} 元", "{part} {taken} yuan"),
    "take_share": ("计入{part} {found} 元的{share}，即 {taken} 元", "{share} of {part} {found} yuan = {taken} yuan"),
    "of": ("{layer}的{part}", "{layer}: {part}"),
    "base": ("基数：{terms}；合计 {base} 元。", "It looks at: {terms}; together {base} yuan."),
    "amount": ("{written}{facts}", "{written}{facts}"),
    "chosen": ("（{facts}）", " ({facts})"),
    "derived": (
        "{written} = {fen} 元{facts}：“{amount}”为 {amount_fen} 元{origin}{statistic}",
        "{written} = {fen} yuan{facts}; {amount}: {amount_fen} yuan{origin}{statistic}",
    ),
    "derived_whole": (
        "{written} = {fen} 元{facts}{origin}{statistic}",
        "{written} = {fen} yuan{facts}{origin}{statistic}",
    ),
    "statistic": (
        "（{year}年{name} {figure} 元的{share}，{rounded}）",
        " ({share} of {name} of {year}, {figure} yuan, {rounded})",
    ),
    "deductible": (
        "{period}起付线：{amount}{used}。本次计入起付线 {taken} 元，余 {rest} 元。",
        "Deductible {period}: {amount}{used}. This claim: {taken} yuan into the deductible, {rest} yuan remain.",
    ),
    "limit": (
        "{period}费用限额：{amount}{used}。超出限额 {taken} 元，余 {rest} 元。",
        "Limit {period}: {amount}{used}. Beyond the limit {taken} yuan, {rest} yuan remain.",
    ),
    "pre-pay": ("先行自付 {amount}：{taken} 元，余 {rest} 元。", "Pre-pay {amount}: {taken} yuan, {rest} yuan remain."),
    "used": ("，{key}此前已用 {used} 元，尚余 {left} 元", ", used before {key}: {used} yuan, left {left} yuan"),
    "used_no_limit": ("，{key}此前已用 {used} 元", ", used before {key}: {used} yuan"),
    "flat": ("报销：{cost} 元 × {rate} = {fen} 元。", "Reimbursement: {cost} yuan x {rate} = {fen} yuan."),
    "fixed": (
        "定额支付：{amount} × {units}（{unit}），不超过 {cost} 元，为 {fen} 元。",
        "Fixed payment: {amount} x {units} ({unit}), at most {cost} yuan: {fen} yuan.",
    ),
    "floor": (
        "保底支付：{amount}，在本层费用之内为 {fen} 元；{bound}。",
        "At least: {amount}, within this layer's cost {fen} yuan; {bound}.",
    ),
    "floor_bound": (
        "高于按比例报销，退回起付线 {returned} 元",
        "it lifts the payment; {returned} yuan come back from the deductible",
    ),
    "floor_free": ("未起作用", "it makes no difference"),
    "share_of": (
        "{written} = {fen} 元（{name} {whole} 元{bounds}）",
        "{written} = {fen} yuan ({name} {whole} yuan{bounds})",
    ),
    "least": ("，不低于 {fen} 元", ", not below {fen} yuan"),
    "most": ("，不高于 {fen} 元", ", not above {fen} yuan"),
    "in_fees": ("超封顶线部分按费用额计算。", "What a cap cuts is counted in fees."),
    "bands": (
        "分段报销（{counted}，从 {start} 元开始）：{slices}；合计 {fen} 元。",
        "Reimbursement in bands ({counted}, starting at {start} yuan): {slices}; together {fen} yuan.",
    ),
    "slice": ("{low}元至{high}元段 {cost} 元 × {rate}", "from {low} to {high}: {cost} yuan x {rate}"),
    "slice_open": ("{low}元以上段 {cost} 元 × {rate}", "above {low}: {cost} yuan x {rate}"),
    "no_cap": ("{period}最高支付：{amount}{used}。", "At most {period}: {amount}{used}."),
    "cap": ("{period}最高支付：{amount}{used}；{bound}。", "At most {period}: {amount}{used}; {bound}."),
    "bound": ("本次触及封顶，超封顶线 {over} 元", "it cut this payment, {over} yuan over the cap"),
    "free": ("本次未触及", "not reached"),
    "paid": ("支付 {paid} 元。", "Pays {paid} yuan."),
    "parts": ("个人仍负担：{parts}。", "Left to the person after this layer: {parts}."),
    "part": ("{name} {fen} 元", "{name} {fen} yuan"),
    "source": (
        "依据（{what}）：{title}{number}；{article}；把握程度：{sure}。",
        "Basis of {what}: {title}{number}; {article}; confidence: {sure}.",
    ),
    "no_article": ("条款未查明", "article not identified"),
    "no_document": ("文件未查明", "document not identified"),
    "assumption": ("假设：{text}", "Assumption: {text}"),
    "gap": ("缺口：{text}", "Gap: {text}"),
    "total": (
        "合计：各方支付 {paid} 元（{payers}），个人负担 {personal} 元。",
        "Together: paid {paid} yuan ({payers}); the person bears {personal} yuan.",
    ),
    "payer": ("{payer} {fen} 元", "{payer} {fen} yuan"),
}
PERIODS = {
    "claim": ("每次", "per claim"),
    "month": ("每月", "per month"),
    "quarter": ("每季", "per quarter"),
    "year": ("年度", "per year"),
    "lifetime": ("终身", "per lifetime"),
}
COUNTED = {
    "from zero": ("从零算起", "counted from zero"),
    "from the threshold": ("从起付线算起", "counted from the threshold"),
}
PARTS = {
    "beyond_limit": ("超限额", "beyond limit"),
    "prepaid": ("先付", "prepaid"),
    "deductible": ("起付线以内", "deductible"),
    "over_cap": ("超封顶线", "over cap"),
    "copay": ("按比例自付", "copay"),
}
WHAT = {
    "floor": ("保底", "the floor"),
    "layer": ("本层规则", "the rule"),
    "base": ("基数", "the base"),
    "limit": ("费用限额", "the limit"),
    "pre-pay": ("先行自付", "the pre-pay"),
    "deductible": ("起付线", "the deductible"),
    "rate": ("报销比例", "the rate"),
    "cap": ("最高支付", "the cap"),
    "amount": ("金额", "the named amount"),
    "figure": ("统计数据", "the published figure"),
}
SURE = {"high": ("高", "high"), "medium": ("中", "medium"), "low": ("低", "low")}


def bill_text(bill: Data, lang: str) -> str:
    """The whole bill in words; `bill` is `Bill.data()` or its JSON, `lang` is `zh` or `en`."""
    return "\n".join(_Speaker(lang).bill(bill)) + "\n"


class _Speaker:
    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.column = 0 if lang == "zh" else 1
        self.comma, self.list = ("，", "；") if lang == "zh" else (", ", "; ")

    def say(self, sentence: str, /, **values: Any) -> str:
        return SAY[sentence][self.column].format(**values)

    def bill(self, bill: Data) -> list[str]:
        claim, policy = bill["claim"], bill["policy"]
        lines = [
            self.say("title", claim=claim["id"], person=claim["person"]),
            self.say(
                "policy", title=policy["title"][self.lang], id=policy["id"], start=policy["from"], end=policy["before"]
            ),
            self.say("dates", **{day: claim[day] for day in ("admission", "discharge", "settlement")}),
            self.say("facts", facts=self.facts(claim["facts"])),
            self.say(
                "money",
                total=money(claim["total_fen"]),
                fully=money(claim["fully_self_paid_fen"]),
                over=money(claim["over_limit_fen"]),
                pre=money(claim["pre_self_paid_fen"]),
                scope=money(claim["in_scope_fen"]),
            ),
        ]
        for number, layer in enumerate(bill["layers"], 1):
            lines += ["", *self.layer(number, layer)]
        totals = bill["totals"]
        payers = self.list.join(
            self.say("payer", payer=p["payer"][self.lang], fen=money(p["fen"])) for p in totals["by_payer"]
        )
        lines += [
            "",
            self.say("total", paid=money(totals["paid_fen"]), payers=payers, personal=money(totals["personal_fen"])),
        ]
        return lines + [self.say("gap", text=gap[self.lang]) for gap in bill["gaps"]]

    def facts(self, facts: list[Data]) -> str:
        mark = "为" if self.lang == "zh" else ": "
        return self.comma.join(f"{fact['fact'][self.lang]}{mark}{fact['value'][self.lang]}" for fact in facts)

    def layer(self, number: int, layer: Data) -> list[str]:
        lines = [self.say("layer", number=number, layer=layer["name"][self.lang], payer=layer["payer"][self.lang])]
        if not layer["applies"]:
            why = self.list.join(self.condition(c) for c in layer["conditions"] if not c["holds"])
            return [*lines, "  " + self.say("not_applied", why=why, paid=money(layer["paid_fen"]))]
        body = [self.base(layer["base"])]
        rest = layer["base"]["fen"]
        for step in layer["reductions"]:
            rest -= step["taken_fen"]
            body.append(self.reduction(step, rest))
        body.append(self.reimbursement(layer))
        body += [self.floor(layer["floor"])] if layer["floor"] else []
        body += [self.cap(cap, layer["parts"]["over_cap"]) for cap in layer["caps"]]
        if layer["over_cap_counted_in"] == "fees" and layer["parts"]["over_cap"]:
            body.append(self.say("in_fees"))
        body.append(self.say("paid", paid=money(layer["paid_fen"])))
        parts = self.list.join(
            self.say("part", name=PARTS[name][self.column], fen=money(fen)) for name, fen in layer["parts"].items()
        )
        body.append(self.say("parts", parts=parts))
        body += self.sources(layer)
        body += [self.say("assumption", text=text[self.lang]) for text in layer["assumptions"]]
        body += [self.say("gap", text=text[self.lang]) for text in layer["gaps"]]
        return lines + [f"  {line}" for line in body]

    def condition(self, condition: Data) -> str:
        nothing = "空" if self.lang == "zh" else "missing"
        value = condition["value"][self.lang] if condition["value"] else nothing
        accepts = ("、" if self.lang == "zh" else " / ").join(word[self.lang] for word in condition["accepts"])
        return self.say("why", fact=condition["fact"][self.lang], value=value, accepts=accepts)

    def base(self, base: Data) -> str:
        terms = []
        for term in [term for term in base["terms"] if term["found_fen"]] or base["terms"][:1]:
            part = term["name"][self.lang]
            if term["of"]:
                part = self.say("of", layer=term["of"][self.lang], part=part)
            whole = term["share"]["numerator"] == term["share"]["denominator"]
            terms.append(
                self.say(
                    "take" if whole else "take_share",
                    part=part,
                    taken=money(term["taken_fen"]),
                    found=money(term["found_fen"]),
                    share=term["share"]["text"],
                )
            )
        return self.say("base", terms=self.list.join(terms), base=money(base["fen"]))

    def amount(self, answer: Data) -> str:
        facts = self.say("chosen", facts=self.facts(answer["facts"])) if answer["facts"] else ""
        derived = answer["derived_from"]
        if answer["share_of"]:
            return self.share_of(answer) + facts
        if not derived:
            written = (
                money(answer["fen"]) + (" 元" if self.lang == "zh" else " yuan")
                if answer["kind"] == "amount"
                else answer["written"][self.lang]
            )
            return self.say("amount", written=written, facts=facts)
        statistic = ""
        if figure := derived["statistic"]:
            statistic = self.say(
                "statistic",
                year=figure["year"],
                name=figure["name"][self.lang],
                figure=money(figure["fen"]),
                share=figure["share"]["text"],
                rounded=figure["rounded"][self.lang],
            )
        same = derived["share"]["numerator"] == derived["share"]["denominator"]
        table = derived["table"]
        origin = self.say("chosen", facts=self.facts(table["facts"])) if table and table["facts"] else ""
        return self.say(
            "derived_whole" if same else "derived",
            origin=origin,
            written=answer["written"][self.lang],
            fen=money(answer["fen"]),
            facts=facts,
            amount=derived["amount"][self.lang],
            amount_fen=money(derived["amount_fen"]),
            statistic=statistic,
        )

    def share_of(self, answer: Data) -> str:
        share = answer["share_of"]
        bounds = "".join(
            self.say(name, fen=money(share[f"{name}_fen"]))
            for name in ("least", "most")
            if share[f"{name}_fen"] is not None
        )
        return self.say(
            "share_of",
            written=answer["written"][self.lang],
            fen=money(answer["fen"]),
            name=share["name"][self.lang],
            whole=money(share["fen"]),
            bounds=bounds,
        )

    def floor(self, floor: Data) -> str:
        bound = (
            self.say("floor_bound", returned=money(floor["returned_fen"])) if floor["bound"] else self.say("floor_free")
        )
        return self.say("floor", amount=self.amount(floor["amount"]), fen=money(floor["fen"]), bound=bound)

    def used(self, step: Data) -> str:
        if step["period_key"] is None:
            return ""
        key = step["period_key"]
        if step["period"] == "lifetime":
            key = "终身" if self.lang == "zh" else "in the person's life"
        elif self.lang == "en":
            key = f"in {key}"
        else:
            key += "年" if step["period"] == "year" else "期间"
        if step["left_fen"] is None:
            return self.say("used_no_limit", key=key, used=money(step["used_before_fen"]))
        return self.say("used", key=key, used=money(step["used_before_fen"]), left=money(step["left_fen"]))

    def reduction(self, step: Data, rest: int) -> str:
        period = PERIODS[step["period"]][self.column] if step["period"] else ""
        return self.say(
            step["kind"],
            period=period,
            amount=self.amount(step["amount"]),
            used=self.used(step),
            taken=money(step["taken_fen"]),
            rest=money(rest),
        )

    def reimbursement(self, layer: Data) -> str:
        found = layer["reimbursement"]
        if found["kind"] == "flat":
            return self.say(
                "flat", cost=money(layer["reimbursable_fen"]), rate=self.amount(found["rate"]), fen=money(found["fen"])
            )
        if found["kind"] == "fixed":
            return self.say(
                "fixed",
                amount=self.amount(found["amount"]),
                units=found["units"],
                unit=found["unit"][self.lang],
                cost=money(layer["reimbursable_fen"]),
                fen=money(found["fen"]),
            )
        slices = []
        for band in found["bands"]:
            key = "slice_open" if band["to_fen"] is None else "slice"
            high = "" if band["to_fen"] is None else money(band["to_fen"])
            slices.append(
                self.say(
                    key,
                    low=money(band["from_fen"]),
                    high=high,
                    cost=money(band["cost_fen"]),
                    rate=self.amount(band["rate"]),
                )
            )
        return self.say(
            "bands",
            counted=COUNTED[found["counted"]][self.column],
            start=money(found["starts_at_fen"]),
            slices=self.list.join(slices),
            fen=money(found["fen"]),
        )

    def cap(self, cap: Data, over: int) -> str:
        if cap["amount"]["kind"] == "no limit":
            return self.say(
                "no_cap",
                period=PERIODS[cap["period"]][self.column],
                amount=self.amount(cap["amount"]),
                used=self.used(cap),
            )
        bound = self.say("bound", over=money(over)) if cap["bound"] else self.say("free")
        return self.say(
            "cap",
            period=PERIODS[cap["period"]][self.column],
            amount=self.amount(cap["amount"]),
            used=self.used(cap),
            bound=bound,
        )

    def sources(self, layer: Data) -> list[str]:
        """Where the layer's rule and each of its answers stand; what stands in the same place shares a line."""
        answers = [(step["kind"], step["amount"]) for step in layer["reductions"]]
        paid = layer["reimbursement"]
        if paid["kind"] == "bands":
            rates = [band["rate"] for band in paid["bands"]]
        else:
            rates = [paid["rate"] if paid["kind"] == "flat" else paid["amount"]]
        answers += [("floor", layer["floor"]["amount"])] if layer["floor"] else []
        answers += [("rate", rate) for rate in rates]
        answers += [("cap", cap["amount"]) for cap in layer["caps"]]
        lines: dict[str, list[str]] = {}
        terms = [("base", term["basis"]) for term in layer["base"]["terms"] if term["basis"]]
        for what, basis in [("layer", layer["basis"]), *terms, *self.bases(answers)]:
            words = lines.setdefault(self.source(basis), [])
            if WHAT[what][self.column] not in words:
                words.append(WHAT[what][self.column])
        comma = "、" if self.lang == "zh" else ", "
        return [line.replace("{what}", comma.join(words)) for line, words in lines.items()]

    def bases(self, answers: list[tuple[str, Data]]) -> list[tuple[str, Data]]:
        found = []
        for what, answer in answers:
            found.append((what, answer["basis"]))
            derived = answer["derived_from"] or {}
            figure = derived.get("statistic") or {}
            found += [("amount", figure.get("basis")), ("figure", figure.get("figure_basis"))]
            found.append(("amount", (derived.get("table") or {}).get("basis")))
        return [(what, basis) for what, basis in found if basis]

    def source(self, basis: Data) -> str:
        title = basis["title"][self.lang] if basis["title"] else f"{self.say('no_document')} ({basis['source']})"
        number = "" if basis["number"] == "not identified" else f" {basis['number']}"
        article = basis["article"] if basis["article"] != "not identified" else self.say("no_article")
        return self.say(
            "source", what="{what}", title=title, number=number, article=article, sure=SURE[basis["sure"]][self.column]
        )
