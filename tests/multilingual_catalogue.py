"""A catalogue in eight languages, and what a search finds in it, on every database.

The products are in the order in which they were added. The table has the text of each query, and
the handles it finds, best first; among equals the newest is first.
"""

# ruff: noqa: RUF001, RUF003  The letters of eight languages look like others.

from collections.abc import Iterator

from shop.domain.catalogue.category import Category, CategoryTree
from shop.domain.catalogue.search_terms import SaleState, SearchedProduct
from shop.domain.shared.value import value

_PATHS = {
    "tee": (("getraenke", "Getränke"), ("tee", "Tee & Kräuter")),
    "spielzeug": (("spielzeug", "Spielzeug"),),
    "the": (("epicerie", "Épicerie"), ("the", "Thés et infusions")),
    "patisserie": (("epicerie", "Épicerie"), ("patisserie", "Pâtisserie")),
    "ryby": (("zywnosc", "Żywność"), ("ryby", "Ryby wędzone")),
    "ksiazki": (("ksiazki", "Książki"),),
    "caje": (("napoje", "Nápoje"), ("caje", "Čaje")),
    "boty": (("obuv", "Obuv"), ("boty", "Dětské boty")),
    "hali": (("ev", "Ev"), ("hali", "Halı ve kilim")),
    "cay": (("icecek", "İçecek"), ("cay", "Çay")),
    "ladi": (("trofima", "Τρόφιμα"), ("ladi", "Ελαιόλαδο")),
    "vivlia": (("vivlia", "Βιβλία"),),
    "chai": (("napitki", "Напитки"), ("chai", "Чай")),
    "elki": (("prazdnik", "Праздник"), ("elki", "Ёлки")),
    "ocha": (("nomimono", "飲み物"), ("ocha", "お茶")),
    "utsuwa": (("utsuwa", "食器"),),
}

"""The categories of the products, from the top: slugs and names."""


def _categories() -> Iterator[Category]:
    for path in _PATHS.values():
        parent = None
        for slug, name in path:
            yield Category(slug=slug, name=name, parent=parent, position=0)
            parent = slug


CATEGORIES = CategoryTree.of(_categories())


@value
class CatalogueEntry:
    """A product of the catalogue; its first SKU is its handle."""

    handle: str
    name: str
    category: str
    description: str

    @property
    def searched(self) -> SearchedProduct:
        """What is searched of it."""
        return SearchedProduct(
            name=self.name,
            skus=(self.handle,),
            description=self.description,
            state=SaleState.ON_SALE,
            categories=(self.category,),
        )


def _entry(handle: str, name: str, category: str, description: str = "") -> CatalogueEntry:
    return CatalogueEntry(handle=handle, name=name, category=category, description=description)


CATALOGUE = (
    # German
    _entry("DE-TEE-1", "Grüner Tee", "tee", "Milder Sencha, frühe Pflückung."),
    _entry("DE-TEE-2", "Becher von Gruner", "tee", "Für grünen und schwarzen Tee."),
    _entry("DE-TEE-3", "Schwarzer Tee mit Bergamotte", "tee", "Wie ihn die Straße liebt."),
    _entry("DE-BALL-5", "Fußball", "spielzeug", "Größe 5, für Rasen und STRASSE."),
    _entry("DE-KARTE-7", "Straßenkarte", "spielzeug", "Mit Rad- und Fußwegen."),
    # French
    _entry("FR-THE-1", "Thé à la menthe", "the", "Un thé vert de Chine, très frais."),
    _entry("FR-THE-2", "The Original Tea Cup", "the", "Tasse en porcelaine."),
    _entry("FR-OEUF-1", "Coupe à œuf", "patisserie", "Pour l’œuf à la coque."),
    _entry("FR-CREME-1", "Crème brûlée", "patisserie", "Avec sa cassonade."),
    _entry("FR-MOULE-1", "Moule à gâteau", "patisserie", "Garçon ou fille, chacun pâtissier."),
    # Polish
    _entry("PL-RYBA-1", "Łosoś wędzony", "ryby", "Na zimno, z Bałtyku."),
    _entry("PL-RYBA-2", "Pstrąg wędzony", "ryby", "Świeży, lepszy niż łosoś."),
    _entry("PL-MIOD-1", "Miód gryczany", "ryby", "Do łososia i żółtego sera."),
    _entry("PL-KSIAZKA-1", "Żółta książka", "ksiazki", "Opowieści z Łodzi."),
    _entry("PL-KSIAZKA-2", "Zolta teczka", "ksiazki", "Na dokumenty."),
    # Czech
    _entry("CS-CAJ-1", "Černý čaj", "caje", "Silný, z Indie."),
    _entry("CS-CAJ-2", "Zelený čaj", "caje", "Jemný; ne tak silný jako černý."),
    _entry("CS-BOTY-1", "Dětské boty žluté", "boty", "Pro malé kluky i děvčata."),
    _entry("CS-BOTY-2", "Kožené boty", "boty", "Ručně šité, příjemné."),
    _entry("CS-KUN-1", "Příliš žluťoučký kůň", "boty", "Houpací, úpěl ďábelské ódy."),
    # Turkish
    _entry("TR-HALI-1", "Isparta halısı", "hali", "El dokuması, yün."),
    _entry("TR-HALI-2", "İstanbul kilimi", "hali", "Kırmızı ve mavi."),
    _entry("TR-CAY-1", "Rize çayı", "cay", "Doğu Karadeniz’in çayı."),
    _entry("TR-CAY-2", "ÇAYDANLIK", "cay", "Işıltılı, iki katlı."),
    _entry("TR-SEKER-1", "Güllü şeker", "cay", "Isparta gülünden, ağız tadı."),
    # Greek
    _entry("EL-LADI-1", "Ελαιόλαδο Κρήτης", "ladi", "Εξαιρετικό παρθένο."),
    _entry("EL-LADI-2", "Ελιές Καλαμών", "ladi", "Με λίγο ελαιόλαδο."),
    _entry("EL-TSAI-1", "ΤΣΑΪ ΤΟΥ ΒΟΥΝΟΥ", "ladi", "Από τον Όλυμπο."),
    _entry("EL-VIVLIO-1", "Ο μικρός πρίγκιπας", "vivlia", "Ένα βιβλίο για όλους."),
    _entry("EL-VIVLIO-2", "Οδύσσεια", "vivlia", "Ο ΜΙΚΡΟΣ χάρτης του Οδυσσέα."),
    # Russian
    _entry("RU-CHAI-1", "Чёрный чай", "chai", "Крепкий, из Индии."),
    _entry("RU-CHAI-2", "Зелёный чай", "chai", "Мягкий; не черный."),
    _entry("RU-CHAI-3", "Черный кофе", "chai", "Для тех, кто не пьёт чай."),
    _entry("RU-ELKA-1", "Ёлка новогодняя", "elki", "Высота 2 метра, зеленая."),
    _entry("RU-ELKA-2", "Игрушка на елку", "elki", "Стеклянный шар."),
    # Japanese
    _entry("JA-CHA-1", "緑茶", "ocha", "静岡の新茶です。"),
    _entry("JA-CHA-2", "抹茶セット", "ocha", "茶碗と茶筅つき。"),
    _entry("JA-CHA-3", "ウーロン茶", "ocha", "台湾の青茶。"),
    _entry("JA-GARASU-1", "ガラスの急須", "utsuwa", "緑茶にどうぞ。"),
    _entry("JA-CHAWAN-1", "茶碗", "utsuwa", "手作りの陶器。ﾌﾟﾚｾﾞﾝﾄにも。"),
)

QUERIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # German: accents, ß, the beginning of a word, words in any order
    ("grüner", ("DE-TEE-1", "DE-TEE-2")),
    ("gruner", ("DE-TEE-2", "DE-TEE-1")),
    ("tee grün", ("DE-TEE-1", "DE-TEE-2")),
    ("STRASSE", ("DE-KARTE-7", "DE-BALL-5", "DE-TEE-3")),
    ("straße ", ("DE-BALL-5", "DE-TEE-3")),
    ("fuss", ("DE-BALL-5", "DE-KARTE-7")),
    ("kräuter", ("DE-TEE-3", "DE-TEE-2", "DE-TEE-1")),
    ("de-tee-2", ("DE-TEE-2",)),
    # French: ligatures, elisions, an English word that looks the same
    ("thé", ("FR-THE-1", "FR-THE-2")),
    ("the", ("FR-THE-2", "FR-THE-1")),
    ("oeuf", ("FR-OEUF-1",)),
    ("œuf coque", ("FR-OEUF-1",)),
    ("CREME BRULEE", ("FR-CREME-1",)),
    ("cre\u0300me", ("FR-CREME-1",)),
    ("patis", ("FR-MOULE-1", "FR-CREME-1", "FR-OEUF-1")),
    ("l'œuf", ("FR-OEUF-1",)),
    # Polish: ł, ó, and a word that occurs without its accents too
    ("losos", ("PL-RYBA-1", "PL-MIOD-1", "PL-RYBA-2")),
    ("ŁOSOŚ ", ("PL-RYBA-1", "PL-RYBA-2")),
    ("wędzony", ("PL-RYBA-2", "PL-RYBA-1")),
    ("wedzony losos", ("PL-RYBA-1", "PL-RYBA-2")),
    ("żółta", ("PL-KSIAZKA-1", "PL-KSIAZKA-2")),
    ("zolta", ("PL-KSIAZKA-2", "PL-KSIAZKA-1")),
    ("zywnosc", ("PL-MIOD-1", "PL-RYBA-2", "PL-RYBA-1")),
    ("plksiazka1", ("PL-KSIAZKA-1",)),
    # Czech: letters with a caron and a ring
    ("čaj", ("CS-CAJ-2", "CS-CAJ-1")),
    ("cerny caj", ("CS-CAJ-1", "CS-CAJ-2")),
    ("žlu", ("CS-KUN-1", "CS-BOTY-1")),
    ("kun", ("CS-KUN-1",)),
    ("detske", ("CS-BOTY-1", "CS-KUN-1", "CS-BOTY-2")),
    ("boty zlute", ("CS-BOTY-1",)),
    ("PŘÍLIŠ", ("CS-KUN-1",)),
    # Turkish: dotted and dotless i in both cases, ç, ğ, ş
    ("isparta", ("TR-HALI-1", "TR-SEKER-1")),
    ("ısparta", ("TR-HALI-1", "TR-SEKER-1")),
    ("istanbul", ("TR-HALI-2",)),
    ("İSTANBUL", ("TR-HALI-2",)),
    ("çay", ("TR-CAY-2", "TR-CAY-1", "TR-SEKER-1")),
    ("caydanlık", ("TR-CAY-2",)),
    ("SEKER GULLU", ("TR-SEKER-1",)),
    ("hali", ("TR-HALI-1", "TR-HALI-2")),
    # Greek: tonos, final sigma, dialytika
    ("ελαιολαδο", ("EL-LADI-1", "EL-TSAI-1", "EL-LADI-2")),
    ("ΜΙΚΡΟΣ", ("EL-VIVLIO-1", "EL-VIVLIO-2")),
    ("μικρός", ("EL-VIVLIO-1", "EL-VIVLIO-2")),
    ("τσάι", ("EL-TSAI-1",)),
    ("τσαϊ βουν", ("EL-TSAI-1",)),
    ("κρητης ελαι", ("EL-LADI-1",)),
    ("οδυσσ", ("EL-VIVLIO-2",)),
    # Russian: ё beside е, й
    ("чёрный", ("RU-CHAI-1", "RU-CHAI-3", "RU-CHAI-2")),
    ("черный", ("RU-CHAI-3", "RU-CHAI-1", "RU-CHAI-2")),
    ("чай зелёный", ("RU-CHAI-2",)),
    ("ЕЛКА", ("RU-ELKA-1",)),
    ("ёлк", ("RU-ELKA-1", "RU-ELKA-2")),
    ("ru-chai", ("RU-CHAI-3", "RU-CHAI-2", "RU-CHAI-1")),
    ("метра 2", ("RU-ELKA-1",)),
    # Japanese: no spaces, two scripts, characters of half the width
    ("緑茶", ("JA-CHA-1", "JA-GARASU-1")),
    ("茶", ("JA-CHAWAN-1", "JA-CHA-3", "JA-CHA-2", "JA-CHA-1", "JA-GARASU-1")),
    ("茶碗", ("JA-CHAWAN-1", "JA-CHA-2")),
    ("セット 抹茶", ("JA-CHA-2",)),
    ("ｶﾞﾗｽ", ("JA-GARASU-1",)),
    ("プレゼント", ("JA-CHAWAN-1",)),
    ("お茶", ("JA-CHA-3", "JA-CHA-2", "JA-CHA-1")),
)
