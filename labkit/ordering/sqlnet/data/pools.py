"""Values of invented columns: names of people, places and things, codes, dates, money."""

import random

FIRST = [
    "Anna",
    "Ben",
    "Clara",
    "Diego",
    "Elif",
    "Femi",
    "Grace",
    "Hana",
    "Ivan",
    "Jonas",
    "Kenji",
    "Lena",
    "Mateo",
    "Nadia",
    "Omar",
    "Priya",
    "Quinn",
    "Rosa",
    "Sven",
    "Tara",
    "Umar",
    "Vera",
    "Wen",
    "Yara",
]
LAST = [
    "Abel",
    "Brandt",
    "Castro",
    "Dahl",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Huang",
    "Ito",
    "Jensen",
    "Kovacs",
    "Lopez",
    "Moreau",
    "Nowak",
    "O'Neil",
    "Petrov",
    "Quist",
    "Rossi",
    "Sato",
    "Tanaka",
    "Ueda",
    "Vogel",
    "Weber",
    "Young",
]
FRONT = [
    "North",
    "South",
    "Old",
    "New",
    "Upper",
    "Lower",
    "Grand",
    "Saint",
    "Blue",
    "White",
    "Red",
    "Black",
    "Green",
    "Silver",
    "Golden",
    "East",
    "West",
]
BACK = [
    "Ridge",
    "Harbour",
    "Valley",
    "Cross",
    "Hill",
    "Lake",
    "Park",
    "Bridge",
    "Field",
    "Point",
    "Wood",
    "Haven",
    "Rock",
    "Mill",
    "Bay",
    "Spring",
    "Tower",
    "Gate",
]
THING = [
    "Winter",
    "Summer",
    "Night",
    "River",
    "Garden",
    "Mirror",
    "Stone",
    "Paper",
    "Glass",
    "Shadow",
    "Letter",
    "Island",
    "Storm",
    "Clock",
    "Window",
    "Road",
    "Bird",
    "Sea",
]
POOLS = {
    "country": [
        "Norway",
        "Peru",
        "Kenya",
        "Japan",
        "Nepal",
        "Chile",
        "Italy",
        "Austria",
        "Iceland",
        "Canada",
        "Georgia",
        "Vietnam",
        "Ghana",
        "Bolivia",
        "Switzerland",
        "New-Zealand",
    ],
    "genre": ["Drama", "Comedy", "Thriller", "Western", "Documentary", "Musical", "Horror", "Animation"],
    "language": ["English", "French", "Hindi", "Swahili", "Turkish", "Korean", "Spanish", "Finnish"],
    "party": ["Liberal", "Conservative", "Green", "Labour", "Centre-left", "Independent", "People's Party"],
    "result": ["Re-elected", "Lost", "Retired", "Elected", "Withdrew"],
    "animal": ["Eagles", "Tigers", "Bears", "Wolves", "Falcons", "Lions", "Foxes", "Owls"],
    "colour": ["Red & White", "Blue & Gold", "Green", "Black & Red", "Purple", "Navy", "Orange & Grey"],
    "fate": ["Scrapped", "Sunk", "In service", "Museum ship", "Lost at sea", "Sold"],
    "cuisine": ["Italian", "Thai", "Mexican", "Ethiopian", "Lebanese", "Basque", "Japanese", "Nordic"],
    "dance": ["Tango", "Waltz", "Samba", "Jive", "Foxtrot", "Rumba", "Quickstep", "Paso-doble"],
    "crop": ["Barley", "Wheat", "Olives", "Maize", "Apples", "Hops", "Rye", "Potatoes"],
    "material": ["Bronze", "Oil on canvas", "Marble", "Oak", "Glass", "Silk", "Clay"],
    "cause": ["Engine", "Gearbox", "Collision", "Brakes", "Spun off", "Fuel leak", "Finished"],
}  # fmt: skip


def value(kind: str, rng: random.Random):
    """One value of a kind: a pool's name, `a..b` or `a..b/p`."""
    if kind[0].isdigit():
        limits, _, digits = kind.partition("/")
        low, high = map(int, limits.split(".."))
        if digits:
            return round(rng.uniform(low, high), int(digits))
        # wide ranges are drawn evenly in their logarithm, as sizes of things are
        return (
            round(low * (high / low) ** rng.random())
            if low > 1 and high / low > 50
            else rng.randint(low, high)
        )
    if kind in POOLS:
        return rng.choice(POOLS[kind])
    return _MAKERS[kind](rng)


_MAKERS = {
    "person": lambda r: f"{r.choice(FIRST)} {r.choice(LAST)}",
    "place": lambda r: f"{r.choice(FRONT)} {r.choice(BACK)}" if r.random() < 0.7 else r.choice(BACK) + "ton",
    "street": lambda r: f"{r.randint(1, 199)} {r.choice(BACK)} Street",
    "title": lambda r: r.choice(
        (
            f"The {r.choice(THING)}",
            f"{r.choice(THING)} and {r.choice(THING)}",
            f"{r.choice(FRONT)} {r.choice(THING)}",
        )
    ),
    "company": lambda r: r.choice(
        (
            f"{r.choice(LAST)} & {r.choice(LAST)}",
            f"{r.choice(BACK)} Co.",
            f"{r.choice(LAST)}-{r.choice(LAST)}",
        )
    ),
    "team": lambda r: f"{r.choice(BACK)} {r.choice(('United', 'City', 'Rovers', 'F.C.', 'Athletic'))}",
    "code": lambda r: f"{r.choice('ABCDEFGHK')}{r.choice('KLMNPR')}-{r.randint(1, 99)}",
    "score": lambda r: f"{r.randint(0, 6)}-{r.randint(0, 5)}",
    "date": lambda r: f"{r.choice(('January', 'March', 'May', 'July', 'October'))} {r.randint(1, 28)}",
    "time": lambda r: f"{r.randint(0, 23)}:{r.randint(0, 59):02d}",
    "money": lambda r: round(20 * 1500 ** r.random()) * r.choice((1, 5, 100)),
    "percent": lambda r: round(r.uniform(1, 80), 1),
}


def written(value, kind: str, rng: random.Random) -> str:
    """How a question writes a value: money as $1,250, percentages with their sign, large numbers with commas."""
    if kind == "money":
        return f"${value:,}"
    if kind == "percent":
        return f"{value}%"
    if isinstance(value, int) and value >= 10_000 and rng.random() < 0.5:
        return f"{value:,}"
    if kind == "title" and rng.random() < 0.3:
        return f'"{value}"'
    return str(value)
