import { places, trades } from "../../../src/seed/words-company.ts";
import { nameGroups } from "../../../src/seed/words-people.ts";

/** What made companies and people are called. */
export type Vocabulary = {
  readonly heads: readonly string[];
  readonly tails: readonly string[];
  readonly given: readonly string[];
  readonly family: readonly string[];
  /** Top-level domain of everybody's hosts. */
  readonly zone: string;
};

/** For tuning: the words of the seed. */
export const trainingWords: Vocabulary = {
  heads: places,
  tails: trades.map(([trade]) => trade),
  given: nameGroups.flatMap((group) => group.given),
  family: nameGroups.flatMap((group) => group.family),
  zone: "example",
};

/** For measuring: words that tuning has not seen, and companies that are called after people and made-up words. */
export const heldOutWords: Vocabulary = {
  heads: (
    "Hoffmann,Kowalski,Bergström,Delacroix,Fitzgerald,Yamamoto,Castellano,Novák,O'Rourke,van der Berg,Müller,Petrov," +
    "Axiom,Zentrix,Lumora,Quantivo,Brightwell,Nexora,Pinnacle,Aurora,Meridian,Vertex,Solaris,Helix,Cobalt,Ironwood," +
    "Bluebird,Redwood,Silverline,Goldcrest,Whitestone,Blackthorn,Greenfield,First National,United,Global,Advanced," +
    "American,European,Metro,Capital,Coastal,Mountain View,Three Rivers,Saint Mary's,Jäger,Søndergaard,Île-de-France"
  ).split(","),
  tails: (
    "Software,Systems,Consulting,Partners,Engineering,Architects,Insurance Brokers,Dental Clinic,Law Offices,Bakery," +
    "Breweries,Motors,Pharmaceuticals,Biotech,Steel Works,Electric Supply,Plumbing & Heating,Real Estate,Media," +
    "Data Services,Robotics,Shipping,Airfreight,Catering,Furniture,Textiles,Ceramics,Solar Energy,Water Treatment," +
    "Medical Devices,Printing,Security,Facility Services,Travel Agency,Veterinary Hospital,Wealth Management"
  ).split(","),
  given: (
    "Oliver Amelia Jack Isla Harry Ava Freya Alfie Poppy Archie Rosie Theodore Florence Sebastian Beatrice Hugo Clara Felix " +
    "Greta Anton Mathilde Émile Inès Maël Noémie Rocío Álvaro Begoña Iñigo Tomás Giulia Matteo Francesca Lorenzo Kasia " +
    "Tomasz Zuzanna Elif Mehmet Ayşe Deepak Lakshmi Farhan Zainab Thabo Lindiwe Hiroshi Sakura Christopher Alexander " +
    "Joseph Edward Charles Steven Samuel Benjamin"
  ).split(" "),
  family: (
    "Cooper Ward Richardson Wood Watson Brooks Bailey Reed Kelly Howard Cox Peterson Gray Ramirez Hughes Price Bennett " +
    "Foster Sanders Ross Becker Schäfer Böhm Zimmermann Krause Lefebvre Girard Rousseau Faure Gómez Díaz Iglesias Rossi " +
    "Ferrari Esposito Nowak Zieliński Yılmaz Kaya Demir Rao Mehta Khan Dlamini Mokoena Sato Watanabe Holm Nilsson"
  ).split(" "),
  zone: "test",
};
