"""The site: policies as static pages in Chinese and English, with tables, worked bills, grounds and gaps.

publish(policies, folder) -> Published    every page, its style and its script; nothing from outside
"""

from openyibao.site.build import Published, SiteError, publish

__all__ = ["Published", "SiteError", "publish"]
