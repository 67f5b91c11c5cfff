/** Where the API is: beside the page, also where a proxy has both below a prefix. */
export const API = new URL(".", location.href).href.replace(/\/$/, "");
