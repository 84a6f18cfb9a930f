"""Words that carry grammar rather than meaning, by language.

Compact lists: articles, pronouns, prepositions, conjunctions, auxiliary verbs
and question words. They are stored folded (lower-case, without diacritics),
because that is how words are compared. No list is merged with another: "war" is
a stop word in German only, so a text is asked first which language it is in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


STOP_WORDS: dict[str, frozenset[str]] = {
    "en": _set(
        "a about above after again against all also am an and any are as at be because been",
        "before being below between both but by can could did do does doing down during each few",
        "for from further had has have having he her here hers herself him himself his how i if",
        "in into is it its itself just me might more most must my myself no nor not of off on",
        "once only or other our ours ourselves out over own same shall she should so some such",
        "than that the their theirs them themselves then there these they this those through to",
        "too under until up upon us very was we were what when where which while who whom whose",
        "why will with within without would you your yours yourself yourselves s t d ll re ve m",
        "don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven hadn mustn",
    ),
    "es": _set(
        "a al algo algun alguna algunas alguno algunos ante antes aquel aquella aquellas aquello",
        "aquellos aqui asi aun aunque bajo cada casi como con contra cual cuales cualquier cuando",
        "cuanta cuantas cuanto cuantos cuyo de del desde donde dos durante e el ella ellas ello",
        "ellos en entre era eran eres es esa esas ese eso esos esta estaba estaban estado estan",
        "estar estas este esto estos estoy fue fueron ha habia habian haber hace hacia han has",
        "hasta hay he la las le les lo los mas me mi mis mismo mucha muchas mucho muchos muy nada",
        "ni no nos nosotros nuestra nuestras nuestro nuestros o os otra otras otro otros para",
        "pero poco por porque pues que quien quienes se sea segun ser si sido sin sino sobre solo",
        "son soy su sus tal tambien tampoco tan tanto te tener tiene tienen toda todas todo todos",
        "tu tus un una unas uno unos usted ustedes y ya yo",
    ),
    "fr": _set(
        "a ai ainsi alors apres au aucun aucune aussi autre autres aux avait avant avec avez",
        "avoir avons bien c car ce ceci cela celle celles celui ces cet cette ceux chaque chez",
        "comme comment d dans de depuis des dont du elle elles en encore entre es est et etaient",
        "etait ete etre eu eux font fait il ils j je jusqu l la le les leur leurs lui m ma mais",
        "me meme memes mes moi mon n ne ni nos notre nous on ont ou par pas pendant peu peut plus",
        "pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si",
        "sien son sont sous sur t ta te tes toi ton tous tout toute toutes tres tu un une vers",
        "vos votre vous y combien",
    ),
    "de": _set(
        "aber alle allem allen aller alles als also am an ander andere anderem anderen anderer",
        "anderes auch auf aus bei beim bin bis bist da dadurch daher damit dann das dass dein",
        "deine dem den denen denn der deren des dessen die dies diese diesem diesen dieser dieses",
        "doch dort du durch ein eine einem einen einer eines er es etwas euch euer eure fur gegen",
        "hab habe haben hat hatte hatten her hier hin hinter ich ihm ihn ihnen ihr ihre ihrem",
        "ihren ihrer ihres im in indem ins ist jede jedem jeden jeder jedes jene jenem jenen",
        "jener kann kein keine keinem keinen keiner konnen konnte man manche mehr mein meine mich",
        "mir mit muss mussen nach nicht nichts noch nun nur ob oder ohne sehr sein seine seinem",
        "seinen seiner seit selbst sich sie sind so solche sollen sollte sondern sonst uber um",
        "und uns unser unter viel vom von vor wahrend wann war waren warum was weil welche",
        "welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird wo wurde",
        "wurden zu zum zur zwar zwischen worden wieviel wessen",
    ),
    "it": _set(
        "a ad agli ai al alla alle allo anche ancora avere aveva avevano c che chi ci cio come",
        "con contro cosa cui d da dagli dai dal dalla dalle dallo degli dei del della delle dello",
        "di dopo dove e ed era erano essere fra gia gli ha hai hanno ho i il in io l la le lei li",
        "lo loro lui ma me mentre mi mia mie miei mio molto ne negli nei nel nella nelle nello",
        "noi non nostra nostre nostri nostro o ogni per perche piu piuttosto poi prima qual quale",
        "quali quando quanta quante quanti quanto quella quelle quelli quello questa queste",
        "questi questo qui se sei senza si sia siamo sono sopra sotto stata state stati stato su",
        "sua sue sugli sui sul sulla sulle suo suoi tra tu tutta tutte tutti tutto un una uno vi",
        "voi",
    ),
    "pt": _set(
        "a ao aos aquela aquelas aquele aqueles aquilo as ate cada com como contra cuja cujo da",
        "das de dela delas dele deles depois desde do dos e ela elas ele eles em entre era eram",
        "essa essas esse esses esta estao estas estava estavam este estes eu foi foram ha isso",
        "isto ja la lhe lhes mais mas me mesmo meu meus minha minhas muito muitos na nao nas nem",
        "no nos nossa nossas nosso nossos num numa o onde os ou para pela pelas pelo pelos por",
        "porque qual quais quando quantas quanto quantos que quem sao se seja sem ser seu seus",
        "sido so sobre sua suas tal tambem te tem tinha tinham todas todo todos tu um uma umas",
        "uns voce voces",
    ),
    "nl": _set(
        "aan al alle alleen als altijd andere ben bij daar dan dat de der deze die dit doch doen",
        "door dus een eens en er ge geen had heb hebben heeft hem het hier hij hoe hun ieder iets",
        "ik in is ja je jij jullie kan kon kunnen maar me meer men met mij mijn moet na naar niet",
        "niets nog nu of om omdat onder ons onze ook op over reeds te tegen toch toen tot u uit",
        "uw van veel voor waar waarom waren was wat welke werd wezen wie wij wil worden wordt zal",
        "ze zelf zich zij zijn zo zonder zou zouden hoeveel wanneer tijdens tussen",
    ),
    "sv": _set(
        "alla allt att av blev bli blir de dem den denna deras dess det detta dig din du dar",
        "efter ej eller en er ett fran for han hans har hade henne hennes hon honom hur i icke",
        "ingen inom inte jag ju kan kunde man med mellan men mig min mot mycket nar nagon nagot",
        "nu och om oss pa sadan samma sedan sig sin sitt sina skulle som sa till under upp ut",
        "utan vad var vara varfor vars vart vem vid vilka vilken vilket vi at ar over",
    ),
    "da": _set(
        "af alle alt at blev blive bliver da de den denne der deres det dette dig din disse dog",
        "du efter eller en end er et for fra ham han hans har havde hende hendes her hos hun hvad",
        "hvem hver hvilken hvis hvor hvordan hvorfor hvornar i ikke ind jeg jer jo kan kunne man",
        "mange med meget men mig min mod ned noget nogle nu nar og ogsa om op os over pa sadan",
        "selv sig skal skulle som sin til ud under var vi vil ville vaere vaeret",
    ),
    "pl": _set(
        "a aby ale albo az bardzo bez bo byc byl byla bylo byly by ci cie co czy dla do gdy gdzie",
        "go i ich ile im inne iz ja jak jaka jaki jakie jako je jego jej jemu jest jestem jesli",
        "juz kazdy kiedy kto ktora ktore ktory ktorych ktorym lub ma miedzy mnie moze mi na nad",
        "nam nas nawet nia nich nie niego nim niz o od oraz po pod poniewaz przed przez przy sa",
        "sie sobie ta tak takze tam te tego tej ten tez to tu ty tylko tym u w we wiec wszystko z",
        "za ze zeby",
    ),
    "tr": _set(
        "acaba ama ancak arada asla aslında az bana bazi belki ben bir biri biz bu bunu bunun cok",
        "cunku da daha de degil diye en gibi hangi hem hep hepsi her hic icin ile ise kac kadar",
        "ki kim kime mi mu nasil ne neden nedir nerede nereye nicin niye o olan olarak oldu",
        "oldugu onu sen siz su tum ve veya ya yani",
    ),
    "ru": _set(
        "а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да",
        "даже для до его ее если есть еще же за здесь и из или им их к как какая какие какои",
        "когда которая которого которои которые которых которыи кто куда ли между меня мне мнои",
        "много может мои моя мы на над надо нас не него нее нет ни них но ну о об один однако он",
        "она они оно от очень по под после потом потому почему при про раз с сам свои свою себя",
        "сколько со так также такои там то того тоже тои только том тот ты у уже хотя чего чем",
        "через что чтобы чье эта эти это этого этои этом этот я сеичас моеи всеи неи еи",
    ),
    "ar": _set(
        "في من على الى عن مع ما ماذا متى اين كيف كم هل لماذا الذي التي الذين هذا هذه ذلك تلك هو",
        "هي هم هن انا نحن انت كان كانت يكون لم لن لا ان او ثم بعد قبل عند كل بين حتى قد و ف ب ل",
    ),
    "hi": _set(
        "का के की को से में पर और है हैं था थे थी यह वह ये वे इस उस ने एक कि जो तो भी ही नहीं",
        "क्या कौन कब कहाँ कैसे कितने कितना क्यों किस किसने लिए या तक हो कर गया गई साथ अपने",
    ),
    "cjk": _set(
        "什么 什麼 怎么 怎麼 哪个 哪個 哪些 哪里 哪裡 哪年 多少 如何 为什 么时 何时",
        "為什 是什 是谁 是誰 谁是 的是 是在 在哪 有多 了什 了多 几个 吗 呢 吧 的 了",
        "是 在 和 与 與 及 或 有 被 把 从 從 对 對 中 之 也 都 は が を に の",
        "と で も か へ や",
    ),
}

#: Stop words of other languages that are content words of English. They count
#: for nothing when the language is guessed: "world war" is not German.
#: Nor do single letters: they are names as often.
_HOMOGRAPHS = _set(
    "war die man den son sin pour sans come his fine also hat her mare bald once fan van per",
    "con mil sale dove fin main sous mine dos era mes sur me as no on in an am is was will of",
    "over at all under men had has so do he or us for be by to it if my we up more most same",
    "ma pa si te se par mit ten till upp alle bliver end some made tot hem door want wil kan",
    "kon dan ben long far mar san real tan sea ate sent been state non ai go plus met min mi",
    "car ad bin var ama fur allen ham kim med font sue dog eu com co li sa hans bu lo tam ser",
    "tal meme pendant solo nada ante prima ob um pod bo dig hon han sig vid mod ned avant",
    "cosa sera fran ha da alt ar em inne hint nur",
)


def guess_language(words: Iterable[str]) -> str:
    """The language whose stop words the folded ``words`` hold most of; English when in doubt."""
    hits: Counter[str] = Counter()
    for word in set(words):
        for language in _LANGUAGES_OF.get(word, ()):
            hits[language] += 1
    best = max(hits, key=hits.__getitem__, default="en")
    return best if hits[best] > hits["en"] else "en"


def stop_words(language: str) -> frozenset[str]:
    """The stop words of ``language``, with those of scripts that no language shares."""
    return STOP_WORDS[language] | STOP_WORDS["cjk"]


def _languages_by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for language, listed in STOP_WORDS.items():
        if language == "cjk":
            continue
        for word in listed:
            if language == "en" or (len(word) > 1 and word not in _HOMOGRAPHS):
                found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}


_LANGUAGES_OF = _languages_by_word()
