"""Whether a wish is about our own service: decides between the two forms of the refusal 1860-32."""

from __future__ import annotations

import re

_OURS = re.compile(
    "话费|流量|套餐|手机|号码|电话|短信|宽带|网络|信号|充值|缴费|账单|积分|业务|漫游|彩铃|SIM|卡|营业厅|移动|资费|发票",
    re.IGNORECASE,
)


def about_our_service(text: str) -> bool:
    """Whether the text names something that we offer."""
    return bool(_OURS.search(text))
