import { serve } from "@eshost/guest";

import { counter } from "./counter";

serve(counter);
