"""Rules for naming the vocabulary's classes in descriptions: everyday names, articles, and names to suppress."""


def _names(listing: str) -> frozenset[str]:
    return frozenset(name.strip() for name in listing.replace("\n", " ").split("|"))


EVERYDAY_NAMES = {
    "espresso": "cup of coffee",
    "tea cup": "cup of tea",
    "missile": "rocket",
    "bridegroom": "wedding",
    "notebook computer": "laptop computer",
    "CRT monitor": "screen",
    "monitor": "screen",
    "tv": "screen",
    "ram (adult male sheep)": "sheep",
    "common sorrel horse": "horse",
    "drake (male duck)": "duck",
    "kite (bird of prey)": "bird of prey",
    # ImageNet has hardly any other flowers, so other flowers may be classified as daisies.
    "daisy": "flower",
    # ImageNet has no class for gamepads, so they may be classified as joysticks.
    "joystick": "game controller",
    # The classifier mistakes many mountains for volcanoes.
    "volcano": "mountain",
    # These classes also include helmets that have no class of their own.
    "crash helmet": "helmet",
    "football helmet": "helmet",
    "vaulted or arched ceiling": "vault or arch",
}
"""Everyday names of classes. If several classes have the same name, their scores are added."""

EVERYDAY_KINDS = _names(
    """
    cat | dog | bird | fish | snake | lizard | turtle | frog | insect | butterfly | beetle | spider | crab | monkey
    | ape | bear | wolf | fox | whale | shark | big cat | bird of prey | car | truck | bus | van | bicycle | train
    | ship | boat | aircraft | furniture | chair | clock | computer | telephone | lamp | tool | bottle | bag | clothing
    | hat | shoe | food | fruit | vegetable | bread | dessert | beverage | building | house | church, temple | bridge
    | flower | mountain, hill | musical instrument | sports equipment
    """
)
"""Kinds (groups of classes) that may be labels of pictures."""

SUBJECT_KINDS = (EVERYDAY_KINDS - _names("house | church, temple | mountain, hill")) | {"mammal", "reptile"}
"""Kinds that can be the subject of a sentence.

Houses, churches and mountains are left out, because the classifier often sees them in public buildings, reefs and
pyramids.
"""

GUESSED_KINDS = dict.fromkeys(
    _names("electronic equipment | food | musical instrument | vehicle | building | furniture | shop, store"), 0.4
) | dict.fromkeys(_names("tool | shoe | landscape"), 0.35)
"""Broad kinds that a description names if nothing else is recognised, each with its minimum probability."""

KINDS_HIDDEN_WITH_PEOPLE = _names("clothing | mammal")
"""Kinds that sentences do not name if there may be a person: most people wear clothes, and people are not animals."""

PLACES = ("landscape", "structure")
"""Kinds whose members need less certainty to be named than other things."""

DOUBTFUL = _names(
    """
    jellyfish | nematode | flatworm | sea anemone | spotlight | hook | matchstick | feather boa | window screen
    | bottle cap
    """
)
"""Labels that sentences name only if they are very probable, because patterns, stars and thin shapes often get them."""

ANIMALS = _names("bird | cat | dog | horse | sheep | cow | elephant | bear | zebra | giraffe")
"""The detector's animals. They have a minimum score of their own, because the detector confuses animals."""

FOODS = _names("banana | apple | sandwich | orange | broccoli | carrot | hot dog | pizza | donut | cake")
"""Detected objects that hint at food. A single one is not enough: the detector sees one in almost anything round."""

OTHER_WORDS = {
    "airplane": "aircraft",
    "boat": "ship",
    "cell phone": "telephone",
    "laptop": "computer",
    "couch": "furniture",
    "bed": "furniture",
    "dining table": "furniture",
    "chair": "furniture",
}
"""Other words for detected objects. If the subject of a sentence contains the word, the object is not named again."""

UNCOUNTABLE = _names(
    """
    hay | corn | wool | food | clothing | electronic equipment | furniture | fruit | bread | jeans | sunglasses
    | binoculars | pajamas | clogs
    | carbonara | dough | guacamole | consomme | broccoli | ice cream | chocolate syrup | red wine | eggnog
    | mashed potatoes | toilet paper | skis | scissors | sports equipment | sunscreen | spaghetti squash | chain mail
    | lotion | parallel bars | face powder | hair spray | velvet fabric
    """
)
"""Names that take no article."""

HIDDEN_WITH_PEOPLE = _names(
    """
    bra | bikini | swimsuit | miniskirt | diaper | pajamas | sarong | hoop skirt | shower cap | swimming cap | hair wig
    | swim trunks / shorts | tights for gymnastics, a one-piece leotard, or a sport jersey | lipstick | toilet seat
    | toilet paper | hot tub | bathtub | shower curtain | baby bib | bridegroom | abaya | vestment | poke bonnet
    | Band-Aid | neck brace | crutch | stretcher | stethoscope | syringe | pill bottle | oxygen mask | mask | muzzle
    | gas mask or respirator | medicine cabinet | prison | balaclava ski mask | bulletproof vest | military uniform
    | rifle | revolver | assault rifle | hunting bow | holster | scabbard | cannon | tank | missile | guillotine
    | hatchet | cleaver | breastplate | cuirass | Pickelhaube
    """
)
"""Labels suppressed in pictures that may show people, such as intimate items, weapons, and signs of religion or sex.

A wrong guess does more harm than a correct one does good.
"""
