/**
 * What other programs and people call the fields: for each entity, a target as `map` takes it → its labels in English,
 * German, French and Spanish, and in exports of HubSpot, Salesforce, Zoho, Pipedrive, Dynamics, Odoo, SuiteCRM, Google
 * Contacts and Outlook; the more telling come first. Only letters and digits count, without case and accents.
 */
type Labels = Readonly<Record<string, string>>;

const email =
  "email, e-mail, email address, e-mail address, work email, business email, primary email, email 1, e-mail 1 - value, e-mail 1, email work, email home, internet e-mail, mail, mail address, e-mail-adresse, mailadresse, courriel, adresse e-mail, adresse mail, correo, correo electronico, email address 1, emailaddress1, email1, person email";
const website =
  "website, web site, website url, web page, webpage, web page 1, homepage, url, site web, sitio web, pagina web, webseite, internet, internetseite, website 1 - value, web";
const owner =
  "owner id, owner, record owner, owner name, assigned to, assigned user, assigned user id, assigned user name, salesperson, account manager, besitzer, verantwortlich, verantwortlicher, zustandig, proprietaire, responsable, propietario, commercial, vendedor";
const tags =
  "tags, tag, labels, label, categories, category, groups, group membership, kategorien, schlagworte, schlagworter, etiquettes, etiquetas, mots cles";
const note =
  "notes, note, comments, comment, remarks, description, notizen, notiz, bemerkung, bemerkungen, kommentar, kommentare, beschreibung, remarques, commentaires, notas, observaciones, comentarios";
const accountName =
  "company name, company, account name, account, organization name, organization, organisation, organization 1 - name, related company, associated company, primary associated company, parent customer, customer name, customer, firma, firmenname, unternehmen, unternehmensname, kunde, kundenname, societe, entreprise, client, empresa, compania, cliente, employer, account:name";
const accountKey =
  "account external id, account id, company id, hubspot company id, organization id, associated company id, associated company ids, primary associated company id, customer id, customer number, kundennummer, kunden-nr, firma id, firmennummer, accountid, numero client, numero de cliente";
const accountDomain =
  "account domain, company domain, company domain name, associated company domain";
const currency =
  "currency, currency code, currency iso code, deal currency, opportunity currency, currency of value, wahrung, devise, monnaie, moneda, divisa";

const places = {
  address:
    "street, street address, address, address line 1, address 1, street 1, mailing street, mailing address line 1, business street, business address, primary address street, address 1 - street, work street, work address, home street, home address, strasse, straße, strasse und hausnummer, strasse/hausnr, anschrift, adresse, rue, direccion, calle, domicilio",
  address_addition:
    "address line 2, address 2, street 2, street2, mailing address line 2, business street 2, work address 2, home street 2, home address 2, address 1 - extended address, adresszusatz, zusatz, complement d adresse, complemento",
  postcode:
    "zip, zip code, postal code, postcode, zip/postal code, mailing zip, mailing postal code, mailing zip/postal code, business postal code, work zipcode, work zip, home postal code, home zipcode, home zip, primary address postal code, primary address postalcode, address 1 - postal code, plz, postleitzahl, code postal, codigo postal, cp",
  city: "city, town, mailing city, business city, work city, home city, primary address city, address 1 - city, ort, stadt, wohnort, ville, ciudad, poblacion, localidad",
  state:
    "state, region, province, state/region, state/province, mailing state, mailing state/province, business state, work state, home state, primary address state, address 1 - region, bundesland, kanton, departement, provincia, estado, county",
  country:
    "country, country/region, mailing country, business country, business country/region, work country, home country, home country/region, primary address country, address 1 - country, land, pays, pais",
};

export const labels: Readonly<Record<string, Labels>> = {
  account: {
    external_id:
      "external id, record id, account id, company id, organization id, customer id, id, accountid, account number, customer number, kundennummer, kunden-nr, firma id, firmennummer, debitorennummer, numero client, numero de cliente, codigo cliente, codigo de cliente, hs object id, supplier id, vendor id, lieferantennummer",
    name: `name, ${accountName}, business name, trading name, nom, raison sociale, nombre, razon social, nombre de la empresa, nombre cliente, nombre del cliente, account name 1, display name`,
    legal_name: "legal name, full legal name, registered name, offizieller name, handelsname",
    domain:
      "domain, company domain name, company domain, domain name, email domain, domaine, dominio",
    email,
    phone:
      "phone, phone number, main phone, phone office, office phone, business phone, company phone, telephone, tel, telefon, telefonnummer, rufnummer, telephone number, numero de telephone, telefono, phone work, phone 1 - value, telephone1",
    website,
    industry:
      "industry, company industry, branche, secteur, secteur d activite, sector, industria, business type",
    annual_revenue:
      "annual revenue, revenue, yearly revenue, turnover, umsatz, jahresumsatz, chiffre d affaires, ca, ingresos anuales, ingresos, facturacion anual",
    employee_count:
      "number of employees, employees, no of employees, # employees, employee count, numberofemployees, company size, mitarbeiter, mitarbeiterzahl, anzahl mitarbeiter, beschaftigte, effectif, nombre d employes, nombre de salaries, empleados, numero de empleados, headcount",
    lifecycle_stage: "lifecycle stage, account status, customer status, kundenstatus",
    lead_source: "lead source, original source, leadquelle, herkunft, origine, origen",
    owner_id: `account owner, company owner, organization owner, ${owner}`,
    "parent_account.name":
      "parent account, parent account name, parent company, member of, muttergesellschaft, maison mere, empresa matriz",
    "parent_account.external_id": "parent account id, parent company id, parent id",
    description: `${note}, about us, about, descripcion, beschreibung`,
    tags,
  },
  contact: {
    external_id:
      "external id, record id, contact id, person id, id, contactid, lead id, hs object id, kontakt id, kontakt-id, kontaktnummer, personen-id, unique id, uid, employee id",
    first_name:
      "first name, given name, firstname, forename, fname, vorname, prenom, nombre, nombre de pila, rufname, name - first, contact first name",
    last_name:
      "last name, family name, lastname, surname, lname, nachname, familienname, zuname, nom de famille, apellido, apellidos, primer apellido, name - last, contact last name",
    display_name:
      "full name, name, contact name, display name, person name, contact, fullname, kontaktname, ansprechpartner, nom complet, nom, nombre completo, nombre y apellidos, file as",
    title:
      "salutation, name prefix, prefix, title of courtesy, courtesy title, anrede, titel, civilite, titre de civilite, tratamiento",
    email,
    job_title:
      "job title, jobtitle, contact title, position, role, job, organization title, organization 1 - title, stelle, berufsbezeichnung, funktion, fonction, poste, cargo, puesto, function",
    "account.name": accountName,
    "account.external_id": accountKey,
    "account.domain": accountDomain,
    website,
    linkedin_url:
      "linkedin url, linkedin, linkedin profile, linkedin profile url, linkedin bio, person linkedin url",
    ...places,
    birthday:
      "birthday, birthdate, birth date, date of birth, dob, geburtstag, geburtsdatum, date de naissance, anniversaire, fecha de nacimiento, cumpleanos",
    note,
    lead_origin: "lead source, original source, leadquelle, herkunft, origine, origen",
    seniority: "seniority, hierarchieebene, management level",
    decision_role: "decision role, buying role, rolle im kaufprozess",
    opted_in: "opted in, opt in, email opt in, marketing opt in, marketing consent, newsletter",
    tags,
  },
  deal: {
    external_id:
      "external id, record id, deal id, opportunity id, id, dealid, opportunityid, hs object id, lead id",
    name: "deal name, opportunity name, name, title, deal title, dealname, opportunity, deal, subject, topic, potential name, bezeichnung, titel, verkaufschance, nom de l affaire, affaire, nom, nombre del negocio, oportunidad, negocio, nombre",
    "account.name": accountName,
    "account.external_id": accountKey,
    "account.domain": accountDomain,
    "primary_contact.email":
      "contact email, primary contact email, associated contact email, person email, contact e-mail, e-mail ansprechpartner, email contact",
    "primary_contact.name":
      "contact name, primary contact, contact person, person, person name, associated contact, contact, ansprechpartner, interlocuteur, contacto",
    "primary_contact.external_id":
      "contact id, primary contact id, associated contact id, person id",
    "contacts.external_id": "associated contact ids, contact ids",
    "contacts.email": "contact emails, associated contact emails, emails of contacts",
    stage:
      "deal stage, stage, sales stage, stage name, pipeline stage, phase, verkaufsphase, stufe, etape, etapa, fase",
    pipeline_id: "pipeline, pipeline id, pipeline name, vertriebspipeline",
    value:
      "amount, value, deal value, lead value, deal amount, opportunity amount, estimated revenue, est. revenue, expected revenue, total value, betrag, wert, auftragswert, auftragssumme, umsatz, montant, valeur, importe, valor, cantidad, monto",
    currency,
    probability:
      "probability, probability (%), deal probability, win probability, wahrscheinlichkeit, wahrscheinlichkeit (%), probabilite, probabilidad",
    forecast_category: "forecast category, forecast category name",
    expected_close_date:
      "close date, expected close date, closing date, expected closing date, expected closing, est. close date, estimated close date, closedate, abschlussdatum, abschluss, voraussichtlicher abschluss, date de cloture, date de cloture prevue, fecha de cierre, fecha prevista de cierre",
    actual_close_date: "actual close date, closed date, closed on, won time, close time",
    next_followup_date: "next followup date, next follow-up, next activity date, wiedervorlage",
    deal_type: "deal type, type, opportunity type, typ, tipo",
    deal_source: "lead source, deal source, source, quelle, herkunft, origine, origen",
    loss_reason:
      "loss reason, lost reason, closed lost reason, reason for loss, reason lost, verlustgrund, raison de la perte, motivo de perdida",
    competitors:
      "competitors, competitor, main competitors, mitbewerber, wettbewerber, concurrents, competidores",
    deal_number: "deal number, opportunity number, number, nummer, numero",
    owner_id: `deal owner, opportunity owner, ${owner}`,
    tags,
  },
  activity: {
    external_id: "external id, record id, activity id, task id, event id, call id, id",
    type: "type, activity type, art, typ",
    subject: "subject, title, activity, call/meeting title/subject, betreff, titel, objet, asunto",
    description: `body, notes/description, ${note}`,
    occurred_at:
      "activity date, date, start date, start time, start datetime, call start time, start, datum, beginn, fecha, date and time",
    due_date:
      "due date, task due date, due, deadline, fallig, fallig am, falligkeitsdatum, echeance, vencimiento",
    completed_at: "completed at, completed, completed date, done time, erledigt am",
    status: "status, task status, estado, statut",
    priority: "priority, prioritat, priorite, prioridad",
    outcome: "outcome, result, call outcome, ergebnis, resultat, resultado",
    "account.name": accountName,
    "account.external_id": accountKey,
    "account.domain": accountDomain,
    "deal.name": "deal, deal name, opportunity, opportunity name",
    "deal.external_id":
      "deal id, opportunity id, potential id, associated deal id, associated deal ids",
    "contact.email": "contact email, email, person email, associated contact email",
    "contact.name": "contact, contact name, contact person, person name",
    "contact.external_id": "contact id, associated contact id, person id",
    "contacts.external_id": "associated contact ids, contact ids",
    "contacts.email": "contact emails, associated contact emails, attendees, participants",
    owner_id: `activity owner, task owner, assigned to user, ${owner}`,
    tags,
  },
  quote: {
    external_id: "external id, record id, quote id, id",
    name: "quote name, name, title, subject, quote, bezeichnung, titel, betreff, nom, nombre, quote title",
    quote_number:
      "quote number, number, quote no, angebotsnummer, angebotsnr, nummer, numero, numero de devis, numero de presupuesto",
    "account.name": accountName,
    "account.external_id": accountKey,
    "deal.name": "deal, deal name, opportunity, opportunity name, potential name",
    "deal.external_id": "deal id, opportunity id",
    total:
      "total, amount, value, grand total, total price, gesamtsumme, summe, betrag, montant, importe",
    currency,
    status: "status, quote stage, stage, statut, estado",
    date_issued: "date issued, quote date, issue date, angebotsdatum, datum, date du devis, fecha",
    validity_date:
      "valid until, expiration date, validity date, valid till, gultig bis, date de validite, valido hasta",
    notes: note,
    owner_id: `quote owner, ${owner}`,
    tags,
  },
  lineItem: {
    external_id: "external id, record id, line item id, id",
    description:
      "description, product name, product, item, name, bezeichnung, artikel, produkt, produit, producto",
    quantity: "quantity, qty, menge, anzahl, quantite, cantidad",
    unit_price:
      "unit price, price, list price, sales price, einzelpreis, preis, prix unitaire, prix, precio unitario, precio",
    discount: "discount, rabatt, remise, descuento",
    currency,
    position: "position, sort order, pos, line number",
    "quote.external_id": "quote external id, quote id",
    "quote.name": "quote, quote name, angebot, devis, presupuesto",
  },
};

/** Phone numbers of contacts, which have three places; in the order in which those are filled. */
export const phones =
  "phone, phone number, business phone, work phone, phone work, office phone, phone office, phone 1 - value, primary phone, main phone, direct phone, telephone, telephone number, tel, telefon, telefonnummer, rufnummer, telefon geschaftlich, telefon (geschaftlich), telefono, numero de telephone, mobile phone, mobile, mobile phone number, mobile number, phone mobile, cell phone, cell, mobil, mobiltelefon, mobilnummer, handy, handynummer, portable, telephone portable, movil, telefono movil, celular, phone 2 - value, business phone 2, home phone, phone home, home phone 2, telefon privat, telefon (privat), other phone, phone other, assistant phone, asst. phone, phone 3 - value, phone 2, phone 3, phone 1";

/** The parts of an account's addresses, by what stands in front of them. */
export const addressKinds: Readonly<Record<string, string>> = {
  billing:
    "billing, billing address, bill to, invoice, rechnung, rechnungs, rechnungsadresse, facturation, adresse de facturation, facturacion, direccion de facturacion",
  shipping:
    "shipping, shipping address, ship to, delivery, liefer, lieferadresse, livraison, adresse de livraison, envio, direccion de envio",
  office:
    ", office, main, business, mailing, primary, primary address, address, address 1, headquarters, company, work, postal",
};

export const addressParts: Readonly<Record<string, string>> = {
  line1: places.address,
  line2: places.address_addition,
  postcode: `${places.postcode}, code`,
  city: places.city,
  state: places.state,
  country: places.country,
};
