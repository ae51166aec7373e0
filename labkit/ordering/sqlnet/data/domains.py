"""What the generated tables are about: 17 invented domains, and 7 made of real tables that packages bring along.

A line of `INVENTED` is `domain | noun | columns`; a column is `Name = paraphrase, paraphrase : kind`. The kind says how
its values are made: a pool of names, or `a..b` for whole numbers and `a..b/p` for numbers of p decimals.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Column:
    """A column: its name, other words for it, its type, and how its values are made."""

    name: str
    paraphrases: tuple[str, ...]
    type: str
    kind: str


@dataclass(frozen=True)
class Domain:
    """A domain; a real one has rows, an invented one makes them."""

    name: str
    noun: str
    columns: tuple[Column, ...]
    rows: tuple[tuple, ...] = ()


INVENTED = """
mountains | mountain | Peak = summit, mountain name : place; Height = elevation, altitude : 800..8800; Range = mountain range, massif : place; Country = nation, land : country; First ascent = first climbed, year of the first climb : 1790..1990; Prominence = topographic drop, rise : 50..4000; Climber = first climber, ascended by : person; Huts = shelters, mountain huts : 0..14; Grade = difficulty, climbing grade : code
films | film | Title = film, movie : title; Director = directed by, film maker : person; Year = release year, released in : 1950..2022; Gross = box office, takings : money; Studio = production company, produced by : company; Running time = length, minutes : 70..210; Genre = kind of film, category : genre; Rating = score, viewers' rating : 1..10/1; Lead actor = star, starring : person; Language = spoken language, tongue : language
elections | candidate | Candidate = politician, person running : person; Party = political party, faction : party; District = constituency, seat : place; Votes = ballots, vote count : 500..90000; Vote share = share of the vote, percentage : percent; Incumbent = sitting member, officeholder : person; Result = outcome, how it ended : result; Turnout = participation, voters who came : 30..90; First elected = in office since, elected in : 1960..2020
matches | match | Opponent = rival, played against : team; Date = day, played on : date; Venue = stadium, ground : place; Score = result of the match, final score : score; Attendance = crowd, spectators : 300..80000; Goals = goals scored, goals made : 0..9; Referee = official, refereed by : person; Round = week, match day : 1..38; Competition = cup, tournament : code; Top scorer = leading scorer, best shooter : person
trains | train | Line = route, railway line : code; Origin = departs from, starting station : place; Destination = arrives at, terminus : place; Departure = leaving time, departs at : time; Distance = track length, kilometres : 5..1200; Stops = halts, stations on the way : 1..40; Operator = railway company, run by : company; Fare = ticket price, cost of a ticket : money; Top speed = maximum speed, fastest speed : 60..320; Platform = track, gate : 1..24
songs | song | Song = track, tune : title; Artist = singer, performed by : person; Album = record, from the album : title; Label = record label, published by : company; Chart position = rank in the charts, peak position : 1..100; Weeks = weeks on the chart, chart weeks : 1..60; Duration = length in seconds, playing time : 90..480; Composer = written by, songwriter : person; Copies sold = sales, units sold : 1000..900000
rivers | river | River = stream, waterway : place; Length = how long it is, kilometres long : 20..6000; Source = spring, rises at : place; Mouth = flows into, ends at : place; Discharge = flow, cubic metres : 5..9000; Basin area = drainage area, catchment : 100..90000; Bridges = crossings, number of bridges : 1..80; Dam = reservoir, dammed at : place; Fish species = kinds of fish, fishes : 2..90
schools | school | School = college, academy : place; Founded = established, opening year : 1700..2010; Enrolment = students, number of pupils : 80..30000; Mascot = nickname, emblem : animal; Town = city, located in : place; Principal = head teacher, headed by : person; Tuition = yearly fee, school fees : money; Teachers = staff, teaching staff : 8..900; Colours = school colours, team colours : colour
ships | ship | Vessel = ship name, boat : title; Class = ship class, type of vessel : code; Launched = launch year, built in : 1880..2015; Tonnage = displacement, weight in tons : 200..90000; Crew = sailors, crew members : 4..3000; Captain = commander, commanded by : person; Home port = harbour, registered in : place; Fate = what became of it, end : fate; Speed = knots, cruising speed : 8..35
books | book | Book = novel, book title : title; Author = writer, written by : person; Publisher = publishing house, printed by : company; Pages = page count, number of pages : 60..1200; Published = publication year, came out in : 1850..2022; Price = cost, sold for : money; Translator = translated by, translation by : person; Editions = reprints, number of editions : 1..40; Original language = written in, source language : language
planets | exoplanet | Planet = world, planet name : code; Star = host star, orbits around : code; Mass = weight, earth masses : 0..40/1; Radius = size, earth radii : 0..15/1; Orbital period = days per orbit, year length : 1..5000; Distance = light years, how far away : 4..9000; Discovery year = found in, discovered in : 1990..2023; Discoverer = found by, discovered by : person; Temperature = surface heat, kelvin : 40..2800
restaurants | restaurant | Restaurant = place to eat, diner : place; Chef = cook, kitchen led by : person; Cuisine = food, style of cooking : cuisine; Stars = michelin stars, star count : 0..3; Seats = tables for, guests seated : 12..260; Street = address, located on : street; Menu price = price of a menu, set menu : money; Opened = open since, opening : 1950..2022; Manager = managed by, run by : person
aircraft | aircraft | Model = type, aircraft type : code; Manufacturer = maker, built by : company; First flight = maiden flight, flew first in : 1935..2020; Seats = passengers, capacity : 2..550; Wingspan = span of the wings, wing width : 8..88/1; Range = reach, flying distance : 400..15000; Engines = motors, number of engines : 1..8; Built = number built, units produced : 2..9000; Test pilot = flown by, first pilot : person
dances | couple | Couple = pair, dancers : person; Style = dance, kind of dance : dance; Music = danced to, accompanying song : title; Total points = points, judges' total : 8..40; Week number = show, programme week : 1..14; Standing = place, ranking : 1..16; Judge = judged by, head judge : person; Costume = dress, costume colour : colour
farms | farm | Farm = holding, farm name : place; Owner = farmer, owned by : person; Crop = harvest, grows : crop; Area = hectares, land : 2..900; Yield = tons per hectare, productivity : 0..12/1; Cattle = cows, head of cattle : 0..400; County = region, area name : place; Rainfall = precipitation, millimetres of rain : 200..2400; Income = revenue, earnings : money
museums | exhibit | Exhibit = work, object : title; Artist name = creator, made by : person; Room = hall, gallery : code; Century = age, dates from : 12..21; Material = made of, medium : material; Width = breadth, centimetres wide : 5..600; Donor = given by, gift of : person; Visitors = guests, people who saw it : 100..90000; Insured value = worth, insurance : money
races | driver | Driver = racer, pilot : person; Team name = racing team, drives for : team; Laps = rounds completed, circuits : 1..78; Grid = start position, starting place : 1..24; Time gap = behind the winner, gap : 0..90/1; Points scored = championship points, world points : 0..26; Engine = motor, powered by : company; Circuit = track name, racing circuit : place; Retired because = reason out, cause of retirement : cause
"""  # noqa: E501

# real tables: the package's columns, what to call them, other words for them, and their types
REAL = {
    "countries": (
        "country",
        "Country = nation, state:text; Continent = part of the world, landmass:text; Year = season, year of the "
        "census:real; "
        "Life expectancy = how long people live, years of life:real; Population = inhabitants, people living "
        "there:real; "
        "Income per person = gdp per capita, wealth:real",
    ),
    "mayoral election": (
        "district",
        "District = borough, ward:text; Coderre = votes for coderre, coderre votes:real; "
        "Bergeron = votes for bergeron, bergeron votes:real; Joly = votes for joly, joly votes:real; "
        "Total = all votes, votes cast:real; Winner = elected, who won:text; Result = kind of win, decision:text",
    ),
    "tips": (
        "meal",
        "Total bill = bill, amount paid:real; Tip = gratuity, given to the waiter:real; Sex = payer, gender:text; "
        "Smoker = smoking, smokes:text; Day = weekday, day of the week:text; Time = meal, meal time:text; "
        "Party size = guests, people at the table:real",
    ),
    "stocks": (
        "day",
        "Date = day, trading day:text; Google = price of google, google stock:real; Apple = price of apple, "
        "apple stock:real; "
        "Amazon = price of amazon, amazon stock:real; Facebook = price of facebook, facebook stock:real; "
        "Netflix = price of netflix, netflix stock:real; Microsoft = price of microsoft, microsoft stock:real",
    ),
    "wines": (
        "wine",
        "Cultivar = grape, variety:text; Alcohol = strength, alcohol by volume:real; Malic acid = sourness, "
        "malic:real; "
        "Ash = ashes, mineral residue:real; Magnesium = magnesium content, mineral:real; "
        "Phenols = total phenols, tannins:real; Flavanoids = flavonoids, plant pigments:real; "
        "Colour intensity = depth of colour, how dark it is:real; Hue = tint, shade:real; "
        "Proline = amino acid, proline content:real",
    ),
    "cells": (
        "sample",
        "Diagnosis = finding, verdict:text; Radius = mean radius, cell radius:real; Texture = grain, mean "
        "texture:real; "
        "Perimeter = outline, length around:real; Area = cell area, size of the nucleus:real; "
        "Smoothness = how smooth, evenness:real; Compactness = how compact, density:real; Concavity = dents, "
        "hollows:real",
    ),
    "irises": (
        "flower",
        "Species = kind, iris species:text; Sepal length = length of the sepal, sepal long:real; "
        "Sepal width = width of the sepal, sepal wide:real; Petal length = length of the petal, petal long:real; "
        "Petal width = width of the petal, petal wide:real",
    ),
}

UNSEEN = ("ships", "restaurants", "wines")


def _column(text: str) -> Column:
    name, rest = text.split("=")
    words, kind = rest.rsplit(":", 1)
    kind = kind.strip()
    real = kind in ("real", "money") or kind[0].isdigit() or kind == "percent"
    return Column(
        name.strip(), tuple(word.strip() for word in words.split(",")), "real" if real else "text", kind
    )


@cache
def domains() -> tuple[Domain, ...]:
    """All 24. Raises Missing where a package lacks its file."""
    from labkit.datasets.tables import real_table

    made = []
    for line in INVENTED.strip().splitlines():
        name, noun, columns = (part.strip() for part in line.split("|"))
        made.append(Domain(name, noun, tuple(_column(c) for c in columns.split(";"))))
    for name, (noun, columns) in REAL.items():
        made.append(
            Domain(name, noun, tuple(_column(c) for c in columns.split(";")), tuple(real_table(name)))
        )
    return tuple(made)
