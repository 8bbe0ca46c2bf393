/** Where companies are: the cities of a country, and how its phones and legal forms look. */
export type Country = {
  name: string;
  weight: number;
  /** City, state or region, beginning of the postcode, area code. */
  cities: readonly (readonly [city: string, state: string, postcode: string, area: string])[];
  callingCode: string;
  /** Numbers that no subscriber has, `#` for a digit. */
  phone: string;
  /** What stands after the beginning of the postcode, `#` for a digit. */
  postcode: string;
  streets: readonly string[];
  legalForms: readonly string[];
};

/** The countries that accounts lie in. */
export const countries: readonly Country[] = [
  {
    name: "US",
    weight: 84,
    cities: [
      ["Boston", "MA", "021", "617"],
      ["Portland", "ME", "041", "207"],
      ["Albany", "NY", "122", "518"],
      ["Denver", "CO", "802", "303"],
      ["Boulder", "CO", "803", "720"],
      ["Tucson", "AZ", "857", "520"],
      ["Seattle", "WA", "981", "206"],
      ["Austin", "TX", "787", "512"],
      ["Raleigh", "NC", "276", "919"],
      ["Columbus", "OH", "432", "614"],
      ["Savannah", "GA", "314", "912"],
      ["Chicago", "IL", "606", "312"],
      ["San José", "CA", "951", "408"],
      ["Boise", "ID", "837", "208"],
      ["Duluth", "MN", "558", "218"],
    ],
    callingCode: "+1",
    phone: "55501##",
    postcode: "##",
    streets: ["Main St", "Harbor Ave", "Oak Ridge Rd", "Commerce Blvd", "2nd Ave", "Mill Pond Ln"],
    legalForms: [", Inc.", " LLC", " Corp.", ", LLP", " Co."],
  },
  {
    name: "GB",
    weight: 6,
    cities: [
      ["London", "Greater London", "EC1A ", "20 7946"],
      ["Leeds", "West Yorkshire", "LS1 ", "113 496"],
    ],
    callingCode: "+44",
    phone: "0###",
    postcode: "#AB",
    streets: ["High Street", "Station Road", "Church Lane"],
    legalForms: [" Ltd", " plc", " LLP"],
  },
  {
    name: "DE",
    weight: 5,
    cities: [
      ["München", "Bayern", "80", "89"],
      ["Köln", "Nordrhein-Westfalen", "50", "221"],
    ],
    callingCode: "+49",
    phone: "23125###",
    postcode: "###",
    streets: ["Hauptstraße", "Bahnhofstraße", "Königsallee"],
    legalForms: [" GmbH", " AG", " GmbH & Co. KG"],
  },
  {
    name: "FR",
    weight: 5,
    cities: [
      ["Orléans", "Centre-Val de Loire", "45", "2"],
      ["Béziers", "Occitanie", "34", "4"],
    ],
    callingCode: "+33",
    phone: "619100##",
    postcode: "###",
    streets: ["rue de la République", "avenue Victor-Hugo", "boulevard du Général-Leclerc"],
    legalForms: [" SARL", " SAS", " SA"],
  },
];

/** First half of a company's name. Several words become one in the domain. */
export const places: readonly string[] = (
  "North Harbor,Blue Ridge,Cedar Falls,Granite Bay,Silver Lake,Maple Grove,Stone Bridge,River Bend," +
  "Summit,Lakeshore,Evergreen,Iron Gate,Golden Valley,Clearwater,Red Rock,Fox Hollow,Pine Street," +
  "Old Mill,Harborview,West End,Cape Ann,Twin Oaks,Prairie,Sierra,Copper Creek,Bayside,Highland," +
  "Eagle Point,Sunrise,Northgate,Willow Creek,Black Bear,Crescent,Union Square,Kingsway,Falcon," +
  "Great Plains,Lighthouse,Meadowbrook,Orchard,Pacific Crest,Quarry Hill,Rosewood,San Marcos," +
  "Tidewater,Vista,Wolf Creek,Yellowstone,Beacon,Canyon,Dogwood,Elm City,Fairmont,Glacier,Hudson," +
  "Juniper,Keystone,Liberty,Magnolia,Nordsee,Château Rouge,Québec,Zürich,São Bento,Ångström"
).split(",");

/** Second half of a company's name, with its industry and a narrower one. */
export const trades: readonly (readonly [trade: string, industry: string, subIndustry: string])[] =
  [
    ["Roofing", "Construction", "Roofing contractors"],
    ["Builders", "Construction", "Commercial building"],
    ["Plumbing", "Construction", "Plumbing and heating"],
    ["Electric", "Construction", "Electrical contractors"],
    ["Concrete", "Construction", "Concrete work"],
    ["Foods", "Food manufacturing", "Frozen food"],
    ["Bakery", "Food manufacturing", "Bakeries"],
    ["Dairy", "Food manufacturing", "Dairy products"],
    ["Coffee Roasters", "Food manufacturing", "Coffee and tea"],
    ["Brewing", "Food manufacturing", "Breweries"],
    ["Dental", "Health care", "Dental practices"],
    ["Health", "Health care", "Outpatient care"],
    ["Veterinary", "Health care", "Veterinary services"],
    ["Pharmacy", "Retail", "Pharmacies"],
    ["Outfitters", "Retail", "Sporting goods"],
    ["Books", "Retail", "Book stores"],
    ["Hardware", "Retail", "Building materials"],
    ["Auto", "Retail", "Motor vehicles"],
    ["Logistics", "Transportation", "Freight trucking"],
    ["Marine", "Transportation", "Water transportation"],
    ["Freight", "Transportation", "Freight forwarding"],
    ["Storage", "Transportation", "Warehousing"],
    ["Software", "Information technology", "Software publishing"],
    ["Data Systems", "Information technology", "Hosting"],
    ["Networks", "Information technology", "Telecommunications"],
    ["Analytics", "Information technology", "Consulting"],
    ["Legal", "Professional services", "Law offices"],
    ["Accounting", "Professional services", "Accounting"],
    ["Architects", "Professional services", "Architecture"],
    ["Engineering", "Professional services", "Engineering"],
    ["Insurance", "Finance", "Insurance agencies"],
    ["Capital", "Finance", "Investment"],
    ["Credit Union", "Finance", "Banking"],
    ["Properties", "Real estate", "Property management"],
    ["Realty", "Real estate", "Brokerage"],
    ["Hotels", "Hospitality", "Hotels"],
    ["Catering", "Hospitality", "Food service"],
    ["Grill", "Hospitality", "Restaurants"],
    ["Academy", "Education", "Private schools"],
    ["Learning", "Education", "Training"],
    ["Farms", "Agriculture", "Crop farming"],
    ["Nurseries", "Agriculture", "Greenhouses"],
    ["Timber", "Agriculture", "Forestry"],
    ["Plastics", "Manufacturing", "Plastic products"],
    ["Tool & Die", "Manufacturing", "Machine shops"],
    ["Textiles", "Manufacturing", "Fabric mills"],
    ["Optics", "Manufacturing", "Instruments"],
    ["Energy", "Utilities", "Electric power"],
    ["Water Works", "Utilities", "Water supply"],
    ["Solar", "Utilities", "Solar installation"],
    ["Cleaning", "Facilities", "Janitorial services"],
    ["Security", "Facilities", "Guard services"],
    ["Landscaping", "Facilities", "Grounds care"],
  ];

/** Third part of a name, once all pairs are taken. */
export const endings: readonly string[] = [
  "Group",
  "Partners",
  "Services",
  "Associates",
  "Works",
  "Holdings",
  "Brothers",
  "International",
];

/** Notes on accounts; `{name}` is the company. */
export const accountNotes: readonly string[] = [
  "{name} buys twice a year, usually before the season starts.",
  "Long-standing customer. Invoices go to the head office, deliveries to each site.",
  "Asked for a framework agreement over three sites 📝",
  "Payment was late twice in a row; finance keeps an eye on it.",
  "Came over from a competitor after a service outage. Handle with care 🙏",
  "{name} plans to open two more locations next year 🚀",
  "Tender expected in autumn.\nContact purchasing early, they want samples first.",
];
