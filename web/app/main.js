/** The app's entry: opens the club's data on this device, and keeps the app itself up to date. */

import "../football/ids.js";
import { open } from "../touchline.js";
import { keepUpdated, shippedConfig } from "./updates.js";

const club = await open({ config: await shippedConfig() });
const place = document.getElementById("app");
if (place) place.dataset.state = club.status.state;
keepUpdated(() => {});
