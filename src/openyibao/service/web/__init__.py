"""The public pages: what would I get, why did I pay this, the law to read. No account, no database for most of it.

`urls.patterns` are the addresses. What a page shows is made from plain data: a question (`asked`), its answer
(`answer`), pictures and sentences of bills (`picture`, `plain`, `year`), what would change it (`change`).
`docs/public-pages.md` says how the parts belong together.
"""
