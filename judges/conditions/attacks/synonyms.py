"""Pairs of English words that can stand for each other, our own list.

Both words of a pair begin with a vowel's sound or both with a consonant's, so that "a" and "an" stay right.
"""

_PAIRS = """
big large|quick fast|quickly rapidly|begin start|begins starts|began started|buy purchase|buys purchases
bought purchased|show display|shows displays|shown displayed|find locate|finds locates|found located
make produce|makes produces|made produced|get receive|gets receives|got received|keep retain|keeps retains
kept retained|need require|needs requires|needed required|maybe possibly|main principal|mainly primarily
mostly largely|nearly virtually|many numerous|several various|whole complete|wholly completely|fully totally
hard difficult|simple straightforward|smart clever|ill unwell|sad gloomy|happy joyful|small little
huge massive|giant gigantic|modern contemporary|old ancient|strange peculiar|strong powerful|weak feeble
rich wealthy|correct right|mistake blunder|mistakes blunders|problem difficulty|problems difficulties
result consequence|results consequences|cause reason|causes reasons|way method|ways methods|part portion
parts portions|place location|places locations|people persons|child kid|children kids|doctor physician
doctors physicians|job position|jobs positions|house home|houses homes|street road|streets roads
car motorcar|cars motorcars|movie film|movies films|picture photo|pictures photos|story tale|stories tales
trip journey|trips journeys|gift donation|gifts donations|money cash|example instance|examples instances
aim objective|aims objectives|about around|allow enable|allows enables|allowed enabled|assist aid
assists aids|assisted aided|improve enhance|improves enhances|improved enhanced|important essential
easy effortless|easily effortlessly|odd unusual|accurate exact|accurately exactly|each every
empty unoccupied|enormous immense|evident obvious|evidently obviously|enemy adversary|enemies adversaries
attempt endeavour|attempts endeavours|occur arise|occurs arises|obtain acquire|obtains acquires
obtained acquired|assess evaluate|assesses evaluates|assessed evaluated|illness ailment|illnesses ailments
choose select|chooses selects|chose selected|contain hold|contains holds|build construct|builds constructs
built constructed|fix repair|fixes repairs|fixed repaired|finish conclude|finishes concludes
finished concluded|speak talk|speaks talks|think believe|thinks believes|tries seeks|tried sought
want desire|wants desires|wanted desired|stop cease|stops ceases|stopped ceased|grow develop|grows develops
grew developed|provide supply|provides supplies|provided supplied|prevent hinder|prevents hinders
prevented hindered|reduce lessen|reduces lessens|reduced lessened|remove delete|removes deletes
removed deleted|said stated|fear dread|fears dreads|brave courageous|calm peaceful|safe secure|safely securely
sure certain|surely certainly|dangerous hazardous|danger peril|famous well-known|rare scarce|rarely seldom
regular normal|typical standard|typically commonly|shortly soon|today nowadays|next following|final last
finally lastly|basic fundamental|basically fundamentally|different distinct|similar comparable
particular specific|particularly specifically|possible feasible|likely probable|probably presumably
usually generally|currently presently|necessary mandatory|very highly|really truly|wide broad|clear plain
clearly plainly|clean spotless|dirty filthy|noisy loud|quiet silent|beautiful lovely|nice pleasant
good fine|terrible dreadful|price cost|prices costs|test trial|tests trials|medicine medication
medicines medications|disease sickness|diseases sicknesses|pain soreness|country nation|countries nations
city town|cities towns|company firm|companies firms|law statute|laws statutes|rule regulation
rules regulations|war conflict|wars conflicts|goal target|goals targets|task duty|tasks duties
feature characteristic|features characteristics|kind type|kinds types|group cluster|groups clusters
center middle|function purpose|functions purposes|symptom sign|symptoms signs|speed velocity
power strength|choice selection|choices selections|chance likelihood
"""

PAIRS: tuple[tuple[str, str], ...] = tuple(
    (left, right)
    for line in _PAIRS.split("\n")
    if line
    for left, right in (each.split() for each in line.split("|"))
)
SYNONYMS: dict[str, str] = {**dict(PAIRS), **{right: left for left, right in PAIRS}}
"""Each word with the other of its pair."""
