"""docs/roles.md and docs/roles.zh.md, written from the permissions and from the list of routes.

python -m openyibao.service.staff.document docs        write both files (a test compares them)
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from openyibao.policy.model import Bilingual

LEVELS = {
    "nation": Bilingual("国", "nation"),
    "province": Bilingual("省", "province"),
    "city": Bilingual("市", "city"),
    "district": Bilingual("县", "district"),
    "town": Bilingual("乡", "town"),
    "village": Bilingual("村", "village"),
}
TITLE = Bilingual("# 角色与权限", "# Roles and permissions")
INTRO = Bilingual(
    """\
经办人员在机构树的某一级持有角色，权限及于该机构和下级机构。下表写明各角色在哪一级可以办理哪个经办事项；
未写明的一律不准。表格由 `src/openyibao/service/organisation/permissions.toml` 生成；哪一级办理哪个事项由各省决定，
此处的分工是假定，可以用 `YIBAO_PERMISSIONS` 指定自己的文件。

凡涉及资金、身份和权限的变更都由两人办理：一人提出，另一人复核，复核时在同一事务中生效。
数据库不允许提出人复核自己的申请，也不允许改动或删除已提出的申请。完整证件号码只由 `person.certificate` 显示，
每次查看都记入访问日志；访问日志只增不改。

角色 `institution` 只能看公开信息：授权指向机构树，不指向某一家医院，因此不能用来查看该医院自己的数据。
月结涉及全部统筹区的账，权限在所给机构上方的树根处核对。
表中用各级的简称：国、省、市、县（区）、乡（镇）、村（点）。""",
    """\
A member of staff holds a role at a body of the tree, and it reaches that body and all below. The table says at which
level a role may do which service item; what it does not say is denied. It is written from
`src/openyibao/service/organisation/permissions.toml`; which level handles what is a choice of the province, so this
division of work is an assumption, and `YIBAO_PERMISSIONS` names a file of one's own.

What changes money, identity or access takes two persons: one proposes, another decides, and the change is made in the
same transaction as the decision. The database lets nobody decide their own proposal, and lets no proposal be changed or
deleted. A certificate is shown in full by `person.certificate` only, and each look stands in the access log, which is
appended only.

The role `institution` sees public facts only: a grant names a body of the tree, not one hospital, so it can't open a
hospital's own data. Closing a month concerns the books of all regions, so it is asked for at the root above the body
that is named.""",
)
ITEM, ADDRESS, ROUTES_TITLE = (
    Bilingual("事项", "item"),
    Bilingual("地址", "address"),
    Bilingual("## 接口地址", "## Addresses"),
)
ROUTES_INTRO = Bilingual(
    """\
JSON 接口，用 Django 会话登录：先 `GET /api/session` 取令牌，再 `POST /api/session`（`user`、`password`），
之后的 POST 和 DELETE 带 `X-CSRFToken`。同一用户名十五分钟内失败十次后须等待。
错误为 `{"error": {"code", "zh", "en"}}`：401 未登录，403 无权限或不在辖区（不区分），
400 字段有误，409 与现有数据不符，429 登录失败过多。金额一律为整数分。""",
    """\
JSON over a Django session: `GET /api/session` for the token, `POST /api/session` with `user` and `password`, then
`X-CSRFToken` with every POST and DELETE. Ten failures for a user name within fifteen minutes make it wait. Errors are
`{"error": {"code", "zh", "en"}}`: 401 not signed in, 403 not allowed or not in one's places (it does not tell which),
400 wrong fields, 409 at odds with what is there, 429 too many failures. Money is whole fen.""",
)


def document(lang: str) -> str:
    """The page in a language (`zh`, `en`). Django must be set up."""
    import openyibao.service.staff.urls  # noqa: F401  (fills the list of routes)
    from openyibao.service.staff.routes import ROUTES

    def say(text: object) -> str:
        return str(getattr(text, lang))

    table = _permissions(lang)
    routes = [f"| {say(ADDRESS)} | {say(ITEM)} |", "|---|---|"]
    for one in sorted(ROUTES.values(), key=lambda route: (route.path, route.method)):
        item = one.item if one.item.startswith("(") else f"`{one.item}`"
        routes.append(f"| `{one.method} /api/{one.path}` | {item} |")
    parts = (say(TITLE), say(INTRO), "\n".join(table), say(ROUTES_TITLE), say(ROUTES_INTRO), "\n".join(routes))
    return "\n\n".join(parts) + "\n"


def _permissions(lang: str) -> list[str]:
    """The table of items and roles, with the levels at which each role may."""
    from importlib.resources import files

    from openyibao.service.organisation import permissions

    own = files("openyibao.service.organisation").joinpath("permissions.toml")
    found = permissions.read(own.read_text(encoding="utf-8"), "permissions.toml")
    roles = [str(getattr(one, lang)) for one in found.roles.values()]
    lines = [f"| {getattr(ITEM, lang)} | | {' | '.join(roles)} |", "|---|---|" + "---|" * len(roles)]
    for item, named in found.items.items():
        cells = [
            " ".join(getattr(text, lang) for level, text in LEVELS.items() if (role, item, level) in found.allowed)
            for role in found.roles
        ]
        lines.append(f"| `{item}` | {getattr(named, lang)} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/none?host=/nowhere")  # nothing is asked of it
    os.environ.setdefault("YIBAO_SECRET_KEY", "for a page only")
    django.setup()
    folder = Path(sys.argv[1])
    for lang, name in (("en", "roles.md"), ("zh", "roles.zh.md")):
        (folder / name).write_text(document(lang), encoding="utf-8")


if __name__ == "__main__":
    main()
