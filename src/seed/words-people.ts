/** Names that belong together; `weight` is how often the group is met. */
type NameGroup = { weight: number; given: readonly string[]; family: readonly string[] };

function group(weight: number, given: string, family: string): NameGroup {
  return { weight, given: given.split(" "), family: family.split(" ") };
}

/** Given and family names by where they come from. */
export const nameGroups: readonly NameGroup[] = [
  group(
    40,
    "James Mary Robert Patricia Michael Jennifer William Linda Richard Elizabeth Thomas Susan " +
      "Daniel Jessica Matthew Sarah Anthony Karen Andrew Nancy Kevin Margaret Brian Emily Aisha " +
      "Marcus Denise Terrence Naomi Caleb Hannah Owen Grace Ethan Chloe",
    "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson Martin " +
      "Thompson White Harris Clark Lewis Robinson Walker Young Hall Wright Hill Green Baker Carter " +
      "Mitchell Turner Parker Edwards Collins Stewart Morris O'Brien Murphy Sullivan Bennett",
  ),
  group(
    14,
    "José María Luis Sofía Andrés Lucía Javier Camila Raúl Inés Martín Verónica Ángel Belén Óscar",
    "García Rodríguez Martínez Hernández López González Pérez Sánchez Ramírez Núñez Ibáñez Muñoz Peña",
  ),
  group(
    7,
    "François Amélie Jérôme Chloé Benoît Hélène Étienne Zoé Loïc Maëlle",
    "Lefèvre Moreau Dubois Bérubé Côté Gagné Fournier Châtelain Boisvert Noël",
  ),
  group(
    8,
    "Jürgen Anke Björn Käthe Günther Sabine Lukas Annika Matthias Änne",
    "Müller Schröder Weiß Köhler Krüger Vogel Hoffmann Groß Lehmann Bäcker",
  ),
  group(
    5,
    "Søren Åsa Lars Ingrid Øystein Freja Mikkel Linnéa Håkan Þóra",
    "Sørensen Bjørnstad Lindström Åkesson Nygård Eriksson Østergaard Hägglund",
  ),
  group(
    6,
    "Łukasz Małgorzata Zbigniew Agnieszka Jiří Věra Ondřej Žofie Paweł",
    "Wójcik Kamińska Żukowski Dąbrowska Dvořák Novotná Šimek Černý",
  ),
  group(
    8,
    "Priya Arjun Ananya Rohan Kavya Vikram Meera Sanjay Nisha Rahul",
    "Sharma Patel Iyer Reddy Nair Gupta Banerjee Kulkarni Desai Menon",
  ),
  group(
    7,
    "Wei Mei Jun Xiaoli Haruto Yuki Minjun Seo-yeon Kenji Thảo Minh Ngọc",
    "Chen Wang Li Nakamura Tanaka Kim Park Nguyễn Trần Phạm Đặng",
  ),
  group(
    5,
    "Chinedu Ngozi Amara Kwame Fatou Omar Leïla Yusuf Zanele Tendai",
    "Okafor Adeyemi Mensah Diallo Haddad El-Amin Nkosi Abebe Traoré",
  ),
];

/** Job titles with the seniority and the usual part in a decision. */
export const jobs: readonly (readonly [title: string, seniority: string, role: string])[] = [
  ["Chief Executive Officer", "executive", "decision maker"],
  ["Chief Financial Officer", "executive", "approver"],
  ["Chief Operating Officer", "executive", "decision maker"],
  ["Owner", "owner", "decision maker"],
  ["Managing Director", "executive", "decision maker"],
  ["VP Operations", "vp", "decision maker"],
  ["VP Procurement", "vp", "approver"],
  ["Director of Facilities", "director", "champion"],
  ["Director of Purchasing", "director", "approver"],
  ["Regional Manager", "manager", "influencer"],
  ["Facilities Manager", "manager", "champion"],
  ["Office Manager", "manager", "user"],
  ["Plant Manager", "manager", "influencer"],
  ["Procurement Specialist", "staff", "evaluator"],
  ["Buyer", "staff", "evaluator"],
  ["Site Supervisor", "staff", "user"],
  ["Maintenance Lead", "staff", "user"],
  ["Accounts Payable Clerk", "staff", "user"],
  ["IT Administrator", "staff", "evaluator"],
  ["Legal Counsel", "director", "blocker"],
];

/** Notes on people, as colleagues write them. */
export const contactNotes: readonly string[] = [
  "Prefers calls before 10 am.",
  "Met at the trade show; very interested 👍",
  "Speaks Spanish and French — écrire en français si possible.",
  "Always copies in the finance team. Keep mails short.",
  "Out every August 🏖️, use the office line then.",
  "Decides fast when the numbers fit on one page.",
  "Former customer of ours at another company 🎉",
  "Asks for references before every order.\nSend two, at least one from the same region.",
  "Does not like surprises: announce price changes 60 days ahead ⚠️",
];
