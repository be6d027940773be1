"""What attacks are put on: an item's own candidate, or random words in its place."""

from __future__ import annotations

from judges.conditions.attacks.base import dice
from judges.scoring.base import JudgedItem

RANDOM_WORDS = (100, 200, 400)
"""How many random words a candidate of that carrier has (Alaofi et al. 2024 take as many)."""

_WORDS = """
able above accept account across action address afternoon again agree air allow alone along already
although always amount animal another answer appear apple area arm army around arrive art attention
autumn away baby back bag ball bank basket bath beach bean bear bed before begin behind bell below
bench beside best better between bicycle bird blanket blue board boat body book boot bottle bottom
bowl box boy branch bread break bridge bright bring brother brown brush bucket building bus busy
butter button cake call camera candle captain car card careful carpet carry castle catch ceiling
chair chalk change cheap cheese chicken child choose church circle city class clean clear clock
close cloth cloud coast coat coffee cold colour come common cook cool copper corner cotton count
country courage cousin cover cow crowd cup curtain customer dance danger dark daughter day deep desk
dinner direction dish distance doctor dog door double down draw dream dress drink drive dry duck
dust each early earth east easy edge egg eight empty engine enough enter evening every example eye
face factory fall family famous farm father feather feel fence few field fifteen finger finish fire
fish five flag flat floor flower follow food foot forest forget fork forward four free fresh friend
front fruit full garden gate gentle gift girl give glad glass goat gold grandmother grass gray great
green ground group grow guest half hall hammer hand happy harbour hat head hear heart heavy help
hill hold hole holiday home honey horse hospital hour house hundred hungry ice idea inside iron
island jacket journey juice jump keep kettle key kind kitchen knee knife ladder lake lamp language
large last late laugh leaf learn leather left letter level library lift light line lion list listen
little live long look loud lunch machine mail map market meadow meal measure meat meet message metal
middle milk minute mirror money month moon morning mother mountain mouth move music nail name narrow
near neck needle neighbour nest never new night nine noise north nose note number ocean office often
oil old onion open orange other outside oven page paint pair paper parent park part pass path pencil
people pepper picture piece pillow place plain plant plate play pocket point poor pot potato present
pretty problem pull purple push question quick quiet rabbit rain reach read ready red rest ribbon
rice rich ride right ring river road roof room root rope round row salt sand school sea season seat
second seed seven shade sharp sheep shelf shell ship shirt shoe shop short shoulder silver simple
sing sister six sky sleep slow small smile smoke snow soap soft soldier song soon soup south spoon
spring square stair stamp star station stay steam step stone store storm story straight street
string strong summer sun supper sweet swim table tail tall tea teacher ten thick thin thing third
thousand thread three throw thumb ticket tired today together tomorrow tooth top touch tower town
train travel tree trousers true turn twelve twenty uncle under until upper useful valley vegetable
village visit voice wait walk wall warm wash watch water wave weather week west wheat wheel white
wide wind window winter wire wise wonder wood wool word work world yard year yellow yesterday young
"""
COMMON_WORDS: tuple[str, ...] = tuple(_WORDS.split())
"""Common English words about nothing in particular, our own list."""


def random_words(n: int, item: JudgedItem, *, seed: int) -> str:
    """`n` of COMMON_WORDS by lot, the same for the same item and seed, whatever is then put into them."""
    rng = dice("random words", n, seed, item.query or "", item.candidate or "")
    return " ".join(rng.choice(COMMON_WORDS) for _ in range(n))
