package contacts

// longestPrefix is the length of the longest prefix below.
const longestPrefix = 4

// prefixZones has the zones of numbers where libphonenumber's table does not
// serve, by the digits they begin with. That table names places with a similar
// time, which differ in summer, and gives mobiles of large countries the zone
// of the capital. Sources: IANA, tz database, zone.tab; ITU-T, national
// numbering plans.
func prefixZones(prefix string) (zones []string, known bool) {
	switch prefix {
	// Countries that have a time of their own.
	case "211":
		zones = []string{"Africa/Juba"}
	case "212": // with Western Sahara, whose time is the same
		zones = []string{"Africa/Casablanca"}
	case "213":
		zones = []string{"Africa/Algiers"}
	case "218":
		zones = []string{"Africa/Tripoli"}
	case "353":
		zones = []string{"Europe/Dublin"}
	case "44": // with Guernsey, Jersey and the Isle of Man
		zones = []string{"Europe/London"}
	case "505":
		zones = []string{"America/Managua"}
	case "970":
		zones = []string{"Asia/Gaza", "Asia/Hebron"}
	// Areas.
	case "5632": // Valparaíso, and Easter Island
		zones = []string{"America/Santiago", "Pacific/Easter"}
	case "5661", "5667": // Magallanes, Aysén
		zones = []string{"America/Punta_Arenas"}
	case "617": // Queensland, which has no summer time, and a strip south of it
		zones = []string{"Australia/Brisbane", "Australia/Sydney"}
	case "7401":
		zones = []string{"Europe/Kaliningrad"}
	case "7845":
		zones = []string{"Europe/Saratov"}
	// Mobiles of countries with several zones, which belong to no area.
	case "2992", "2994", "2995": // Greenland
		zones = []string{"America/Nuuk", "America/Scoresbysund", "America/Thule"}
	case "346", "347":
		zones = []string{"Atlantic/Canary", "Europe/Madrid"}
	case "569":
		zones = []string{"America/Punta_Arenas", "America/Santiago", "Pacific/Easter"}
	case "5939":
		zones = []string{"America/Guayaquil", "Pacific/Galapagos"}
	case "614", "615":
		zones = []string{"Australia/Adelaide", "Australia/Brisbane", "Australia/Darwin", "Australia/Eucla", "Australia/Lord_Howe",
			"Australia/Perth", "Australia/Sydney"}
	case "628":
		zones = []string{"Asia/Jakarta", "Asia/Jayapura", "Asia/Makassar"}
	case "642":
		zones = []string{"Pacific/Auckland", "Pacific/Chatham"}
	case "79":
		zones = []string{"Asia/Irkutsk", "Asia/Kamchatka", "Asia/Krasnoyarsk", "Asia/Magadan", "Asia/Omsk", "Asia/Vladivostok",
			"Asia/Yakutsk", "Asia/Yekaterinburg", "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara"}
	case "9766", "9768", "9769": // Mongolia
		zones = []string{"Asia/Hovd", "Asia/Ulaanbaatar"}
	}
	return zones, zones != nil
}
