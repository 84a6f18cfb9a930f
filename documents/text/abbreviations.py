"""Short forms whose full stop does not end a sentence, and words that begin one.

The lists are compact on purpose: the common ones of the large European
languages. Keys are lower-case, without the final stop.
"""

from __future__ import annotations


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


#: Stand before a name or an explanation: the sentence always goes on.
NEVER_FINAL = _set(
    "mr mrs ms dr prof rev hon gen sen rep gov capt lt col sgt maj cmdr adm messrs mx",
    "mme mlle mgr sr sra srta dra dña d ing lic arq herr hr fr dott sig sigg avv on",
    "e.g i.e cf viz vs v bzw z.b d.h u.a o.ä sog vgl ggf z.t i.d.r s.o s.u p.ej p.ex",
    "т.е т.к напр г-н им ул bijv m.b.v d.w.z np tzw tj m.in al ca approx incl excl resp",
)

#: Stand before a number or a label ("Fig. 3", "No. 5", "Abs. 2", "pág. 12").
BEFORE_NUMBER = _set(
    "no nos nr nrs fig figs eq eqs sec sect ch chap vol vols p pp pg par para art arts ref refs",
    "tab abs bd s kap ziff anm núm num pág págs cap tít n n° fasc рис стр гл табл ст jan feb mar",
    "apr jun jul aug sep sept oct nov dec ene abr ago dic janv févr avr juil déc",
)

#: May end a sentence or not: what follows decides.
EITHER = _set(
    "etc inc ltd co corp jr sr bros dept univ assn est ave blvd rd st mt ft a.m p.m u.s u.k u.n",
    "e.u u.s.a d.c ph.d m.d b.a m.a b.sc m.sc b.c a.d no usw u.s.w ee.uu s.a s.l cía и.т.д т.д",
    "т.п г в др enz itd itp ecc",
)

#: Words that seldom follow an abbreviation inside a sentence.
STARTERS = _set(
    "the this that these those there it he she they we you i in on at by for from with when while",
    "if as after before although however but and or so then thus also our their his her its my",
    "a an some many most all both each no not what who how why where which",
    "el la los las un una en este esta estos para por pero cuando como sin según se su",
    "le les une des ce cette ces dans pour mais il elle ils elles nous vous on au aux",
    "der die das ein eine er sie es wir ihr im bei für mit nach seit aber wenn als dies diese",
    "il lo gli uno nel per con ma quando questo questa o os as um uma em não mas",
    "он она они мы это но если когда после также",
)

#: After "3." these show that the number is an ordinal (German).
AFTER_ORDINAL = _set(
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jahrhundert jahrhunderts auflage klasse band kapitel",
)
