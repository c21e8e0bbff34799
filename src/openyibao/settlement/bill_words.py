"""The sentences and words of a bill in Chinese and English: each exists once in each language."""

from __future__ import annotations

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
    "date": ("日期 {settlement}。", "On {settlement}."),
    "facts": ("情况：{facts}。", "Facts: {facts}."),
    "money": (
        "医疗费总额 {total} 元 = 全自费 {fully} + 超限价 {over} + 先行自付 {pre} + 符合政策范围 {scope}。",
        "Total {total} yuan = fully self-paid {fully} + over limit {over} + pre-self-paid {pre} + in scope {scope}.",
    ),
    "divided": ("其中{part}分为：{into}。", "Of this, {part} is divided: {into}."),
    "gathered": (
        "本单据汇总以往单据（{window}{where}）尚由个人负担的 {fen} 元：{parts}。",
        "This claim gathers {fen} yuan that earlier claims ({window}{where}) left to the person: {parts}.",
    ),
    "gathered_nothing": (
        "本单据汇总以往单据（{window}{where}），没有尚可汇总的金额。",
        "This claim gathers earlier claims ({window}{where}); nothing is left to gather.",
    ),
    "gathered_quantities": ("这些单据合计：{quantities}。", "Sums over these claims: {quantities}."),
    "window_year": ("{first}年度", "of the benefit year {first}"),
    "window_days": ("{first}至{last}出院", "discharged from {first} to {last}"),
    "total_gathered": (
        "合计：汇总 {gathered} 元 = 支付 {paid} 元（{payers}）+ 仍由个人负担 {left} 元；个人负担因此减少 {paid} 元。",
        "In all: gathered {gathered} yuan = paid {paid} yuan ({payers}) + still borne by the person {left} yuan; "
        "what the person bears falls by {paid} yuan.",
    ),
    "layer": ("【{number}】{layer}（支付方：{payer}）", "[{number}] {layer} (paid by: {payer})"),
    "worked_out_fact": (
        "判定：{name}{limits}为 {number}（{reaches}），故“{fact}”为“{value}”。",
        "Worked out: {name}{limits} {number} ({reaches}), so {fact} is {value}.",
    ),
    "reach_below": ("低于 {edge} 为{value}", "below {edge}: {value}"),
    "reach_up_to": ("不超过 {edge} 为{value}", "up to {edge}: {value}"),
    "reach_otherwise": ("其余为{value}", "otherwise: {value}"),
    "never": ("无（以往没有出院）", "none (never discharged before)"),
    "where": ("{fact}为{accepts}", "{fact} {accepts}"),
    "same": ("同一{fact}（{value}）", "the same {fact} ({value})"),
    "paid_by": ("“{layer}”有支付", "paid by {layer}"),
    "limits": ("（{limits}）", " ({limits}):"),
    "no_limits": ("", ":"),
    "sum": ("{name} = {terms}，为 {fen} 元。", "{name} = {terms}: {fen} yuan."),
    "not_applied": (
        "不适用：{why}。本层对此没有规定，支付 {paid} 元。",
        "Does not apply: {why}. This layer has no rule for it and pays {paid} yuan.",
    ),
    "no_base": (
        "没有可计入本层的费用，因此支付 {paid} 元。",
        "There is nothing here for this layer to look at, so it pays {paid} yuan.",
    ),
    "pays_nothing": ("按本层规定，支付 {paid} 元。", "By the rule of this layer it pays {paid} yuan."),
    "no_rule": (
        "没有一个保障层次对此单据有规定：未支付不表示规定不予支付。",
        "No layer has a rule for this claim: that nothing is paid is not what a rule says.",
    ),
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
        "{period}起付线：{amount}{around}{used}{annual}。本次计入起付线 {taken} 元，余 {rest} 元。",
        "Deductible {period}: {amount}{around}{used}{annual}. "
        "This claim: {taken} yuan into the deductible, {rest} yuan remain.",
    ),
    "limit": (
        "{period}费用限额：{amount}{around}{used}。超出限额 {taken} 元，余 {rest} 元。",
        "Limit {period}: {amount}{around}{used}. Beyond the limit {taken} yuan, {rest} yuan remain.",
    ),
    "pre-pay": ("先行自付 {amount}：{taken} 元，余 {rest} 元。", "Pre-pay {amount}: {taken} yuan, {rest} yuan remain."),
    "used": ("，{key}此前已用 {used} 元，尚余 {left} 元", ", used before {key}: {used} yuan, left {left} yuan"),
    "used_no_limit": ("，{key}此前已用 {used} 元", ", used before {key}: {used} yuan"),
    "used_here": (
        "，本次结算中前面各层已用 {used} 元，尚余 {left} 元",
        ", used by layers above: {used} yuan, left {left} yuan",
    ),
    "used_fixed": ("，同次住院前段已用 {used} 元", ", less {used} yuan of earlier parts of the stay"),
    "charged": ("费用发生于 {charge}。", "The costs arose on {charge}."),
    "enrolled": ("参保登记 {enrolment}。", "Enrolled on {enrolment}."),
    "part_of_stay": (
        "该单据为住院 {stay} 的一段（{place}）。",
        "This claim is a part of the stay {stay} ({place}).",
    ),
    "year_from": ("待遇年度自{day}起{facts}。", "The benefit year starts on {day}{facts}."),
    "stated": ("{fact}：单据填写{values}。", "{fact}: the claim states {values}."),
    "plus": ("，另加{fact} {fen} 元", ", plus {fact} {fen} yuan"),
    "not_here": ("，计入住院的后一年度，本次为 0 元", ", which belongs to the later year of the stay: 0 yuan here"),
    "carry_all": (
        "，可用往期结余（自{start}起）：{periods}",
        ", with what is left of periods since {start}: {periods}",
    ),
    "carry_one": (
        "，可用上期结余（自{start}起）：{periods}",
        ", with what is left of the period before (since {start}): {periods}",
    ),
    "carried": ("{period}额度 {earned}、已用 {used} 元", "{period} earned {earned}, used {used} yuan"),
    "carried_each": (
        "{period}至{last}每期额度 {earned}、已用 {used} 元",
        "{period} to {last} each earned {earned}, used {used} yuan",
    ),
    "annual_maximum": (
        "，年度累计不超过 {amount}，尚余 {left} 元",
        ", in the year at most {amount}, left {left} yuan",
    ),
    "per": ("（{facts}）", " ({facts})"),
    "line": ("{written} = {ratio}（{fact}：{value}{bounds}）", "{written} = {ratio} ({fact}: {value}{bounds})"),
    "least_rate": ("，不低于{ratio}", ", not below {ratio}"),
    "most_rate": ("，不高于{ratio}", ", not above {ratio}"),
    "own_share": (
        "{written}，即 1 - {multiple} × (1 - {ratio}) = {found}",
        "{written}, that is 1 - {multiple} x (1 - {ratio}) = {found}",
    ),
    "points": ("，加 {points} 个百分点", ", plus {points} points"),
    "fewer_points": ("，减 {points} 个百分点", ", less {points} points"),
    "worked_out": ("（{text}）", "({text})"),
    "final": (" = {ratio}", " = {ratio}"),
    "statistic_share": ("（{facts}）", " ({facts})"),
    "episode": ("同一就医过程 {name} 中", "in the episode {name}"),
    "stay": ("同次住院 {name} 中", "in the stay {name}"),
    "flat": ("报销：{cost} 元 × {rate} = {fen} 元。", "Reimbursement: {cost} yuan x {rate} = {fen} yuan."),
    "fixed": (
        "定额支付：{amount} × {units}（{unit}）{around}{used}，不超过 {cost} 元，为 {fen} 元。",
        "Fixed payment: {amount} x {units} ({unit}){around}{used}, at most {cost} yuan: {fen} yuan.",
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
    "behind": ("（{amount}）", " ({amount})"),
    "for_each": (
        "{written} = {fen} 元（{fact}：{value}）",
        "{written} = {fen} yuan ({fact}: {value})",
    ),
    "amount_sum": ("（{terms}）", " ({terms})"),
    "least_amount": ("，不低于 {amount}", ", not below {amount}"),
    "most_amount": ("，不高于 {amount}", ", not above {amount}"),
    "least": ("，不低于 {fen} 元", ", not below {fen} yuan"),
    "most": ("，不高于 {fen} 元", ", not above {fen} yuan"),
    "in_fees": ("超封顶线部分按费用额计算。", "What a cap cuts is counted in fees."),
    "bands": (
        "分段报销（{counted}，从 {start} 元开始）：{slices}；合计 {fen} 元。",
        "Reimbursement in bands ({counted}, starting at {start} yuan): {slices}; together {fen} yuan.",
    ),
    "slice": ("{low}元至{high}元段 {cost} 元 × {rate}", "from {low} to {high}: {cost} yuan x {rate}"),
    "slice_open": ("{low}元以上段 {cost} 元 × {rate}", "above {low}: {cost} yuan x {rate}"),
    "no_cap": ("{period}最高支付：{amount}{around}{used}。", "At most {period}: {amount}{around}{used}."),
    "cap": (
        "{period}最高支付：{amount}{around}{used}；{bound}。",
        "At most {period}: {amount}{around}{used}; {bound}.",
    ),
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
    "no_document": ("文件未查明（{source}）", "document not identified ({source})"),
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
    "day": ("每日", "per day"),
    "episode": ("每次就医过程", "per episode"),
    "month": ("每月", "per month"),
    "quarter": ("每季", "per quarter"),
    "year": ("年度", "per year"),
    "calendar year": ("自然年度", "per calendar year"),
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
    "fixed": ("定额支付", "the fixed payment"),
    "layer": ("本层规则", "the rule"),
    "derived": ("判定事项", "what was worked out"),
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
PLACES = {
    (True, True): ("仅一段", "the only one"),
    (True, False): ("首段", "the first"),
    (False, False): ("中段", "neither first nor last"),
    (False, True): ("末段", "the last"),
}
WHOLE: dict[str, tuple[str, str]] = {
    "fully_self_paid": ("全自费", "fully self-paid"),
    "over_limit": ("超限价", "over limit"),
    "pre_self_paid": ("先行自付", "pre-self-paid"),
    "in_scope": ("符合政策范围", "in scope"),
}
"""The four parts of a claim, by their codes."""
