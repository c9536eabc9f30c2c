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
    # These classes also include things that have no class of their own: gamepads and other helmets.
    "joystick": "game controller",
    # The classifier sees volcanoes in many mountains.
    "volcano": "mountain",
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
"""Kinds (groups of classes) that appear in descriptions. All other kinds are used only for search."""

SUBJECT_KINDS = (EVERYDAY_KINDS - _names("house | church, temple | mountain, hill")) | {"mammal", "reptile"}
"""Kinds that sentences name. Pictures of public buildings, reefs and pyramids often seem to show the others."""

GUESSED_KINDS = dict.fromkeys(
    _names("electronic equipment | food | musical instrument | vehicle | building | furniture | shop, store"), 0.4
) | dict.fromkeys(_names("tool | shoe | landscape"), 0.35)
"""Broad kinds that descriptions name with this probability if nothing else is recognised or more precise is likely."""

KINDS_HIDDEN_WITH_PEOPLE = _names("clothing | mammal")
"""Kinds that sentences do not name if there may be a person: most people wear clothes, and a person is no animal."""

PLACES = ("landscape", "structure")
"""Kinds whose members are named with less certainty than other things."""

DOUBTFUL = _names(
    """
    jellyfish | nematode | flatworm | sea anemone | spotlight | hook | matchstick | feather boa | window screen
    | bottle cap
    """
)
"""Labels that need more certainty, because the classifier gives them to patterns, stars and thin shapes."""

ANIMALS = _names("bird | cat | dog | horse | sheep | cow | elephant | bear | zebra | giraffe")
"""Detected objects that need a higher score to be named, because the detector confuses animals."""

FOODS = _names("banana | apple | sandwich | orange | broccoli | carrot | hot dog | pizza | donut | cake")
"""Detected objects that show food if the classifier also sees food. The detector sees single ones in anything round."""

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
"""Words for detected objects in the subject of a sentence, which then does not name them again."""

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
"""Labels suppressed in pictures with people: intimate or medical items, weapons, and signs of religion or sex.

A wrong guess does more harm than a correct one does good.
"""
